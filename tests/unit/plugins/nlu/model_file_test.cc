#include "nlu/model_file.h"

#include <catch2/catch.hpp>

#include <cstring>
#include <filesystem>
#include <random>

#include "dormouse/plugin.hpp"
#include "support/temp_folder.h"

namespace dormouse::nlu {

namespace {

constexpr ModelFormat kFormat = {{'D', 'M', 'T', 'E', 'S', 'T', '\r', '\n'}, 3, "test model"};
constexpr size_t kHeaderBytes = 32, kSectionBytes = 40;

std::vector<std::byte> small_file() {
  ModelFileWriter writer(kFormat);
  writer.add_array("numbers", std::vector<uint32_t>{1, 2, 3});
  writer.add("nothing", {});
  writer.add_record("one", uint64_t{7});
  return writer.finish();
}

template <class Body>
std::string failure_of(Body body) {
  try {
    body();
  } catch (const Failure& failure) {
    return std::to_string(failure.status()) + " " + failure.what();
  }
  return "";
}

std::string refusal_of(std::span<const std::byte> bytes) {
  return failure_of([&] { ModelFile::view(bytes, "m", kFormat); });
}

}  // namespace

TEST_CASE("sections are found by name") {
  const std::vector<std::byte> bytes = small_file();
  const ModelFile model = ModelFile::view(bytes, "m", kFormat);
  CHECK(model.array<uint32_t>("numbers")[2] == 3);
  CHECK(model.record<uint64_t>("one") == 7);
  CHECK(model.section("nothing").empty());
  CHECK_FALSE(model.has("none"));
  CHECK(failure_of([&] { model.section("none"); }) == "15 model m: section 'none' is missing; train it again");
  CHECK(failure_of([&] { model.array<uint64_t>("numbers"); }) ==
        "15 model m: section 'numbers' has an impossible size; train it again");
}

TEST_CASE("sections begin where wide loads like it") {
  const std::vector<std::byte> bytes = small_file();
  const ModelFile model = ModelFile::view(bytes, "m", kFormat);
  for (const char* name : {"numbers", "one"}) {
    CHECK((model.section(name).data() - bytes.data()) % static_cast<ptrdiff_t>(kSectionAlignment) == 0);
  }
}

TEST_CASE("a file cut at any byte is refused") {
  const std::vector<std::byte> bytes = small_file();
  for (size_t size = 0; size < bytes.size(); ++size) {
    INFO(size);
    CHECK(refusal_of(std::span(bytes).first(size)).substr(0, 3) == "15 ");
  }
}

TEST_CASE("a file with any bit of header or sections turned is refused") {
  const std::vector<std::byte> bytes = small_file();
  for (size_t at = 0; at < kHeaderBytes + 3 * kSectionBytes; ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::vector<std::byte> damaged = bytes;
      damaged[at] ^= static_cast<std::byte>(1 << bit);
      INFO(at);
      CHECK_FALSE(refusal_of(damaged).empty());
    }
  }
  std::vector<std::byte> damaged = bytes;
  damaged.back() ^= std::byte{1};
  CHECK(refusal_of(damaged) == "15 model m: the checksum of section 'one' does not match; train it again");
}

TEST_CASE("wrong magic and version are told apart") {
  std::vector<std::byte> bytes = small_file();
  bytes[8] = std::byte{9};
  CHECK(refusal_of(bytes) == "9 model m: needed format version 3, found 9; train it again");
  bytes[0] = std::byte{'X'};
  CHECK(refusal_of(bytes) == "15 model m: it is no test model; train it again");
}

TEST_CASE("a section that points outside is refused behind a valid checksum") {
  std::mt19937 random(1);
  const std::vector<std::byte> bytes = small_file();
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::byte> damaged = bytes;
    for (int i = 0; i < 2; ++i) {
      damaged[8 + random() % (kHeaderBytes + 3 * kSectionBytes - 8)] = static_cast<std::byte>(random());
    }
    seal_model_file(damaged);
    try {
      const ModelFile model = ModelFile::view(damaged, "m", kFormat);
      for (const char* name : {"numbers", "one", "nothing"}) {
        if (!model.has(name)) continue;
        unsigned sum = 0;
        for (std::byte b : model.section(name)) sum += static_cast<unsigned>(b);
        CHECK(sum <= 255 * bytes.size());
      }
    } catch (const Failure& failure) {
      CHECK((failure.status() == DM_DATA_LOSS || failure.status() == DM_FAILED_PRECONDITION));
    }
  }
}

TEST_CASE("a written file is mapped again") {
  const TempFolder folder;
  const std::string path = folder / "model";
  write_file_atomically(path, small_file());
  ModelFile model = ModelFile::open(path, kFormat);
  const ModelFile moved = std::move(model);
  CHECK(moved.record<uint64_t>("one") == 7);
  CHECK(moved.size() == std::filesystem::file_size(path));
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
  CHECK(failure_of([] { ModelFile::open("/nowhere/model", kFormat); }) ==
        "5 model /nowhere/model: No such file or directory");
}

TEST_CASE("a section is named once and shortly") {
  ModelFileWriter writer(kFormat);
  writer.add("a", {});
  CHECK_FALSE(failure_of([&] { writer.add("a", {}); }).empty());
  CHECK_FALSE(failure_of([&] { writer.add("a name of sixteen", {}); }).empty());
}

}  // namespace dormouse::nlu
