#include "cli/model_store.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "artifacts/model_files.h"
#include "base/file.h"
#include "components/registry.h"

using namespace dormouse;
namespace fs = std::filesystem;

namespace {

struct TemporaryFolder {
  char path[32] = "/tmp/dormouse-models-XXXXXX";
  TemporaryFolder() { REQUIRE(::mkdtemp(path)); }
  ~TemporaryFolder() { fs::remove_all(path); }
  std::string operator/(const std::string& name) const { return std::string(path) + "/" + name; }
  void write(const std::string& name, const std::string& content) const {
    REQUIRE(write_file_atomically(*this / name, content, 0600).ok());
  }
};

PluginEntry plugin(const std::string& version) {
  PluginEntry entry;
  entry.id = "p";
  entry.version = version;
  return entry;
}

Value settings(int64_t top_k) {
  ValueWriter writer;
  writer.map_begin();
  writer.key("top_k");
  writer.integer(top_k);
  writer.map_end();
  return *writer.finish();
}

}  // namespace

TEST_CASE("a folder stands for the data files in it by name") {
  const TemporaryFolder folder;
  for (const char* name : {"b.tsv", "a.tsv", "README.md", ".hidden", "LICENSE"}) folder.write(name, "x");
  const auto files = data_files({folder.path});
  REQUIRE(files.ok());
  CHECK(*files == std::vector<std::string>{folder / "a.tsv", folder / "b.tsv"});
}

TEST_CASE("data that is not there is refused") {
  const TemporaryFolder folder;
  CHECK(data_files({folder / "nothing"}).status().code() == Code::not_found);
  CHECK(data_files({folder.path}).status().code() == Code::invalid_argument);
}

TEST_CASE("a model is named by data and settings and version") {
  const TemporaryFolder folder;
  folder.write("a", "1");
  folder.write("b", "2");
  const auto hash = [&](const char* version, int64_t top_k, std::vector<std::string> files) {
    return *model_hash(plugin(version), "t", settings(top_k), files, {});
  };
  const std::string name = hash("1.0.0", 1, {folder / "a"});
  CHECK(name == hash("1.0.0", 1, {folder / "a"}));
  CHECK(name.size() == 64);
  CHECK(name != hash("1.0.1", 1, {folder / "a"}));
  CHECK(name != hash("1.0.0", 2, {folder / "a"}));
  CHECK(name != hash("1.0.0", 1, {folder / "b"}));
  CHECK(name != hash("1.0.0", 1, {folder / "a", folder / "b"}));
  CHECK(name != *model_hash(plugin("1.0.0"), "t", settings(1), {folder / "a"}, {"epochs=5"}));
}

TEST_CASE("a published model is the current one") {
  const TemporaryFolder folder;
  const auto store = ModelStore::open(folder.path, "c");
  REQUIRE(store.ok());
  CHECK(!store->is_current("h1"));
  folder.write("models/c/h1.draft", "model");
  REQUIRE(store->publish("h1").ok());
  CHECK(store->is_current("h1"));
  CHECK(*current_model(folder.path, "c") == folder / "models/c/h1.model");
  folder.write("models/c/h2.draft", "model");
  REQUIRE(store->publish("h2").ok());
  CHECK(*current_model(folder.path, "c") == folder / "models/c/h2.model");
  REQUIRE(store->make_current("h1").ok());
  CHECK(store->is_current("h1"));
}

TEST_CASE("a training that wrote nothing changes nothing") {
  const TemporaryFolder folder;
  const auto store = ModelStore::open(folder.path, "c");
  folder.write("models/c/h1.draft", "model");
  REQUIRE(store->publish("h1").ok());
  CHECK(store->publish("h2").code() == Code::broken_contract);
  CHECK(store->is_current("h1"));
}

TEST_CASE("what a training cut short left behind is dropped") {
  const TemporaryFolder folder;
  const auto store = ModelStore::open(folder.path, "c");
  folder.write("models/c/h1.draft", "half");
  store->drop_drafts();
  CHECK(!fs::exists(folder / "models/c/h1.draft"));
}

TEST_CASE("a component is trained by one process at a time") {
  const TemporaryFolder folder;
  const auto store = ModelStore::open(folder.path, "c");
  CHECK(ModelStore::open(folder.path, "c").status().code() == Code::busy);
  CHECK(ModelStore::open(folder.path, "d").ok());
}
