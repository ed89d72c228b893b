#include "components/crash_store.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "base/file.h"
#include "support/temp_folder.h"

namespace dormouse {
namespace {

constexpr const char* kRecord =
    "dormouse crash 1\nat 2026-01-31T02:58:11Z\npid 4711\nversion 0.1.0\nsignal SIGSEGV\naddress 0x18\n"
    "thread dm-docs.ocr\ncomponent docs.ocr\nplugin docs-ocr\nplugin_version 1.0.2\nmethod read\n"
    "request 8ecfc8f600a0ffe1\nbatch 3\nfile /libs/libtesseract.so\noffset 0x1c2f0\nframe 0x1c2f0 "
    "/libs/libtesseract.so\n"
    "frame 0x7f00\nlater unknown\n";

void write(const std::string& folder, const std::string& name, std::string_view text = kRecord) {
  REQUIRE(write_file_atomically(folder + "/" + name, text, 0600).ok());
}

CrashStore opened(const std::string& folder) {
  Result<CrashStore> store = CrashStore::open(folder);
  REQUIRE(store.ok());
  return std::move(*store);
}

TEST_CASE("crash record reads back as it was written") {
  const Result<CrashRecord> record = parse_crash(kRecord, "20260131-025811");
  REQUIRE(record.ok());
  CHECK(record->at == "2026-01-31T02:58:11Z");
  CHECK(record->pid == 4711);
  CHECK(record->component == "docs.ocr");
  CHECK(record->plugin == "docs-ocr");
  CHECK(record->plugin_version == "1.0.2");
  CHECK(record->method == "read");
  CHECK(record->request == "8ecfc8f600a0ffe1");
  CHECK(record->batch == 3);
  CHECK(record->signal == "SIGSEGV");
  CHECK(record->address == "0x18");
  CHECK(record->file == "/libs/libtesseract.so");
  CHECK(record->offset == 0x1c2f0);
  REQUIRE(record->frames.size() == 2);
  CHECK(record->frames[0].file == "/libs/libtesseract.so");
  CHECK(record->frames[1].file.empty());
  CHECK(record->frames[1].offset == 0x7f00);
}

TEST_CASE("damaged crash record is data loss and not a wrong answer") {
  CHECK(parse_crash("", "1").status().code() == Code::data_loss);
  CHECK(parse_crash("dormouse crash 2\nsignal SIGSEGV\n", "1").status().code() == Code::data_loss);
  CHECK(parse_crash("dormouse crash 1\npid x\nsignal SIGSEGV\n", "1").status().code() == Code::data_loss);
  CHECK(parse_crash("dormouse crash 1\nsignal SIGSEGV\nframe zz /x\n", "1").status().code() == Code::data_loss);
  CHECK(parse_crash("dormouse crash 1\ncomponent x\n", "1").status().code() == Code::data_loss);
}

TEST_CASE("crashes are listed newest first and a damaged one hides no other") {
  const TempFolder folder;
  const CrashStore store = opened(folder.path() + "/crashes");
  write(store.folder(), "20260131-025402");
  write(store.folder(), "20260131-025811.new");
  write(store.folder(), "20260131-025811-2.new");
  write(store.folder(), "20260131-030000", "garbage");
  write(store.folder(), "notes.txt");
  std::vector<std::string> ids;
  for (const CrashRecord& record : store.list()) ids.push_back(record.id);
  CHECK(ids == std::vector<std::string>{"20260131-025811-2", "20260131-025811", "20260131-025402"});
  CHECK(store.read("20260131-025811").ok());
  CHECK(store.read("20260131-030000").status().code() == Code::data_loss);
  CHECK(store.read("../token").status().code() == Code::not_found);
  CHECK(store.read("notes.txt").status().code() == Code::not_found);
}

TEST_CASE("crash is announced once over all starts") {
  const TempFolder folder;
  CrashStore store = opened(folder.path() + "/crashes");
  write(store.folder(), "20260131-025811.new");
  write(store.folder(), "20260131-025402.new");
  const std::vector<CrashRecord> first = store.take_unannounced();
  REQUIRE(first.size() == 2);
  CHECK(first[0].id == "20260131-025402");
  CHECK(store.take_unannounced().empty());
  CHECK(opened(folder.path() + "/crashes").take_unannounced().empty());
  CHECK(store.list().size() == 2);
}

TEST_CASE("crash in the same second as one that was announced is kept beside it") {
  const TempFolder folder;
  CrashStore store = opened(folder.path() + "/crashes");
  write(store.folder(), "20260131-025811.new");
  REQUIRE(store.take_unannounced().size() == 1);
  write(store.folder(), "20260131-025811.new");
  const std::vector<CrashRecord> second = store.take_unannounced();
  REQUIRE(second.size() == 1);
  CHECK(second[0].id == "20260131-025811-2");
  CHECK(store.list().size() == 2);
  CHECK(store.read("20260131-025811-2").ok());
}

TEST_CASE("record that a process could not name is adopted and an empty one removed") {
  const TempFolder folder;
  const std::string path = folder.path() + "/crashes";
  opened(path);
  write(path, kCrashPending);
  CHECK(opened(path).take_unannounced().size() == 1);
  write(path, kCrashPending, "");
  CHECK(opened(path).list().size() == 1);
  CHECK_FALSE(std::filesystem::exists(path + "/" + kCrashPending));
}

TEST_CASE("only the newest crashes are kept") {
  const TempFolder folder;
  const std::string path = folder.path() + "/crashes";
  opened(path);
  for (size_t i = 0; i < CrashStore::kKept + 3; ++i) write(path, "20260131-" + std::to_string(100000 + i));
  const CrashStore store = opened(path);
  CHECK(store.list().size() == CrashStore::kKept);
  CHECK(store.read("20260131-100002").status().code() == Code::not_found);
  CHECK(store.read("20260131-100003").ok());
}

}  // namespace
}  // namespace dormouse
