#include "artifacts/plugin_index.h"
#include "artifacts/plugin_file.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "support/temp_folder.h"

using namespace dormouse;
namespace fs = std::filesystem;

namespace {

// A plugin folder that is filled with copies of the fixtures.
struct Folder {
  TempFolder temp;
  std::string path;

  explicit Folder(const std::string& name = "plugins") : path(temp / name) {
    fs::create_directory(path);
    ::chmod(path.c_str(), 0755);
  }
  std::string add(const std::string& plugin, const std::string& as = "") const {
    const std::string target = path + "/" + (as.empty() ? plugin : as) + ".so";
    fs::copy_file(std::string(DORMOUSE_BAD_PLUGINS) + "/" + plugin + ".so", target,
                  fs::copy_options::overwrite_existing);
    ::chmod(target.c_str(), 0755);
    return target;
  }
};

const PluginEntry& only(const PluginIndex::Snapshot& entries) {
  REQUIRE(entries->size() == 1);
  return entries->front();
}

Status problem_of(const std::string& plugin) {
  const Folder folder;
  folder.add(plugin);
  PluginIndex index({.folders = {folder.path}, .allow = {}});
  const PluginIndex::Snapshot entries = index.scan();
  CHECK((only(entries).manifest == nullptr) == !only(entries).problem.ok());
  return only(entries).problem;
}

}  // namespace

TEST_CASE("a plugin is known by its manifest and not by its file name") {
  const Folder folder;
  const std::string path = folder.add("well-behaved", "renamed");
  PluginIndex index({.folders = {folder.path}, .allow = {}});
  CHECK(index.snapshot()->empty());
  const PluginIndex::Snapshot entries = index.scan();
  const PluginEntry& entry = only(entries);
  CHECK(entry.path == path);
  CHECK(entry.id == "well-behaved");
  CHECK(entry.version == "1.0.0");
  CHECK(entry.problem.ok());
  REQUIRE(entry.manifest);
  CHECK(entry.manifest->types.size() == 1);
  CHECK(to_string(entry.safety.safety) == "unmap");
  CHECK(index.find("well-behaved", "")->path == path);
  CHECK(index.find("well-behaved", "1.0.0").ok());
}

TEST_CASE("plugins of another ABI are listed with needed and found") {
  const Status major = problem_of("newer-major");
  CHECK(major.code() == Code::invalid_argument);
  CHECK(major.error().needed == "ABI 1.0");
  CHECK(major.error().found == "2.0");
  CHECK(problem_of("newer-minor").error().found == "1.99");
}

TEST_CASE("a file without manifest or table is no plugin") {
  CHECK(problem_of("no-manifest").error().needed == "an ELF section .dormouse.manifest");
  CHECK(problem_of("no-table").error().needed == "the symbol dormouse_plugin");
}

TEST_CASE("the safety class of each fixture is known before it runs") {
  const auto safety = [](const std::string& plugin) {
    const Folder folder;
    folder.add(plugin);
    PluginIndex index({.folders = {folder.path}, .allow = {}});
    const PluginIndex::Snapshot entries = index.scan();
    INFO(only(entries).problem.to_string());
    REQUIRE(only(entries).problem.ok());
    return only(entries).safety;
  };
  CHECK(to_string(safety("well-behaved").safety) == "unmap");
  CHECK(to_string(safety("unique-symbols").safety) == "park");
  CHECK(safety("unique-symbols").reasons.front() == "unique-symbols.so has 1 GNU-unique symbol (bad::counted)");
  CHECK(to_string(safety("nodelete").safety) == "park");
  CHECK(to_string(safety("static-tls").safety) == "park");
  CHECK(to_string(safety("thread-local").safety) == "lane");
  CHECK(to_string(safety("pthread-key").safety) == "lane");
  CHECK(to_string(safety("own-thread").safety) == "lane");
  if (fs::exists(std::string(DORMOUSE_BAD_PLUGINS) + "/openmp.so")) {
    CHECK(to_string(safety("openmp").safety) == "lane");
    CHECK(safety("openmp").shared_runtimes == std::vector<std::string>{"libgomp.so.1"});
  }
}

TEST_CASE("an unknown plugin is not_found with near names and the folders searched") {
  const Folder folder;
  folder.add("well-behaved");
  PluginIndex index({.folders = {folder.path}, .allow = {}});
  const Status missing = index.find("wel-behaved", "").status();
  CHECK(missing.code() == Code::not_found);
  CHECK(missing.error().message == "no such plugin");
  CHECK(missing.error().near == std::vector<std::string>{"well-behaved"});
  CHECK(missing.error().found == "well-behaved in " + folder.path);
  const Status version = index.find("well-behaved", "2.0.0").status();
  CHECK(version.error().message == "no such version");
  CHECK(version.error().found == "1.0.0 in " + folder.path);
}

TEST_CASE("a plugin that was dropped in later is found without a scan in between") {
  const Folder folder;
  PluginIndex index({.folders = {folder.path}, .allow = {}});
  CHECK_FALSE(index.find("well-behaved", "").ok());
  const std::string path = folder.add("well-behaved");
  CHECK(index.find("well-behaved", "").ok());
  fs::remove(path);
  CHECK(index.scan()->empty());
  CHECK_FALSE(index.find("well-behaved", "").ok());
}

TEST_CASE("a look finds what a scan would and keeps nothing") {
  const Folder folder;
  PluginIndex index({.folders = {folder.path}, .allow = {}});
  CHECK(index.scan()->empty());
  folder.add("well-behaved");
  CHECK(only(index.look()).id == "well-behaved");
  CHECK(index.snapshot()->empty());
  CHECK(only(index.scan()).id == "well-behaved");
}

TEST_CASE("files that did not change are not read again and replaced ones are") {
  const Folder folder;
  const std::string path = folder.add("well-behaved", "p");
  PluginIndex index({.folders = {folder.path}, .allow = {}});
  const auto first = only(index.scan()).manifest;
  CHECK(only(index.scan()).manifest == first);
  folder.add("nodelete", "q");
  fs::rename(folder.path + "/q.so", path);
  CHECK(only(index.scan()).id == "nodelete");
}

TEST_CASE("a missing folder is an entry with a problem and hides no other") {
  const Folder folder;
  folder.add("well-behaved");
  PluginIndex index({.folders = {folder.temp / "none", folder.path}, .allow = {}});
  const PluginIndex::Snapshot entries = index.scan();
  REQUIRE(entries->size() == 2);
  CHECK((*entries)[0].problem.code() == Code::not_found);
  CHECK((*entries)[1].problem.ok());
}

TEST_CASE("the first file with an id and version wins and the other one says so") {
  const Folder folder;
  const std::string first = folder.add("well-behaved", "a");
  folder.add("well-behaved", "b");
  PluginIndex index({.folders = {folder.path}, .allow = {}});
  const PluginIndex::Snapshot entries = index.scan();
  REQUIRE(entries->size() == 2);
  CHECK((*entries)[0].problem.ok());
  CHECK((*entries)[1].problem.error().found == "well-behaved 1.0.0 in " + first);
  CHECK(index.find("well-behaved", "")->path == first);
}

TEST_CASE("only files on the allow-list may be used when there is one") {
  const Folder folder;
  const std::string path = folder.add("well-behaved");
  PluginIndex strict({.folders = {folder.path}, .allow = {std::string(64, '0')}});
  const PluginEntry refused = only(strict.scan());
  CHECK(refused.problem.code() == Code::failed_precondition);
  REQUIRE(refused.sha256.size() == 64);
  CHECK(refused.problem.error().found == refused.sha256);
  CHECK_FALSE(strict.find("well-behaved", "").ok());
  PluginIndex open({.folders = {folder.path}, .allow = {refused.sha256}});
  CHECK(open.find("well-behaved", "").ok());
  CHECK(open.check_allowed(path, refused.sha256).ok());
  CHECK(open.check_allowed(path, std::string(64, '1')).code() == Code::failed_precondition);
}

TEST_CASE("the hash of a plugin file is known without an allow-list and stays until the file changes") {
  const Folder folder;
  const std::string path = folder.add("well-behaved");
  PluginIndex index({.folders = {folder.path}, .allow = {}});
  CHECK(only(index.scan()).sha256.empty());
  const std::string hash = only(index.with_hashes(index.snapshot())).sha256;
  CHECK(hash == *hash_plugin_file(*open_plugin_file(path)));
  CHECK(only(index.snapshot()).sha256 == hash);
  CHECK(only(index.scan()).sha256 == hash);
  const PluginIndex::Snapshot before = index.snapshot();
  folder.add("fails-open", "well-behaved");
  CHECK(only(index.with_hashes(index.scan())).sha256 != hash);
  CHECK(only(before).sha256 == hash);
}

TEST_CASE("a plugin file that was replaced since the scan has no hash until the next one") {
  const Folder folder;
  folder.add("well-behaved");
  PluginIndex index({.folders = {folder.path}, .allow = {}});
  index.scan();
  folder.add("fails-open", "well-behaved");
  CHECK(only(index.with_hashes(index.snapshot())).sha256.empty());
  CHECK(only(index.with_hashes(index.scan())).sha256.size() == 64);
}

TEST_CASE("a plugin that is not there is told beside the files that cannot be used") {
  const Folder folder;
  const std::string cut = folder.add("well-behaved", "words");
  fs::resize_file(cut, fs::file_size(cut) / 2);
  PluginIndex index({.folders = {folder.path}, .allow = {}});
  const Status status = index.find("well-behaved", "").status();
  CHECK(status.code() == Code::not_found);
  CHECK(status.error().found == "(none) in " + folder.path + ", and " + cut + ", which cannot be used: is truncated");
}

TEST_CASE("a plugin that others may write is listed and refused") {
  const Folder folder;
  const std::string path = folder.add("well-behaved");
  ::chmod(path.c_str(), 0777);
  PluginIndex index({.folders = {folder.path}, .allow = {}});
  CHECK(only(index.scan()).problem.error().message == "is writable by others");
  CHECK(index.find("well-behaved", "").status().code() == Code::invalid_argument);
  ::chmod(path.c_str(), 0755);
  CHECK(index.find("well-behaved", "").ok());
}

TEST_CASE("files that are no shared objects are refused one by one") {
  const Folder folder;
  folder.add("well-behaved");
  const std::string cut = folder.add("well-behaved", "cut");
  fs::resize_file(cut, fs::file_size(cut) / 2);
  const std::string text = folder.add("well-behaved", "text");
  fs::resize_file(text, 0);
  PluginIndex index({.folders = {folder.path}, .allow = {}});
  const PluginIndex::Snapshot entries = index.scan();
  REQUIRE(entries->size() == 3);
  CHECK((*entries)[0].problem.error().message == "is truncated");
  CHECK((*entries)[1].problem.error().message == "is no ELF file");
  CHECK((*entries)[2].problem.ok());
}
