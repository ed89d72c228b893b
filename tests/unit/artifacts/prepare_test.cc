// Which type a component uses, and what its stamp depends on.
#include "artifacts/prepare.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "support/temp_folder.h"

using namespace dormouse;
using Catch::Contains;

namespace {

Manifest with_types(const std::vector<std::string>& names) {
  Manifest manifest;
  manifest.id = "nlu";
  for (const std::string& name : names) {
    manifest.types.emplace_back();
    manifest.types.back().name = name;
  }
  return manifest;
}

ComponentSpec named(const std::string& name, const std::string& type = "") {
  ComponentSpec spec;
  spec.name = name;
  spec.plugin = "nlu";
  spec.type = type;
  return spec;
}

Value text(const std::string& words) {
  ValueWriter out;
  out.string(words);
  return *out.finish();
}

}  // namespace

TEST_CASE("a component uses the type that it names or the one called like it or the only one") {
  const Manifest two = with_types({"intent", "entities"});
  const Manifest one = with_types({"intent"});
  CHECK((*choose_type(named("x", "entities"), two))->name == "entities");
  CHECK((*choose_type(named("entities"), two))->name == "entities");
  CHECK((*choose_type(named("whatever"), one))->name == "intent");
}

TEST_CASE("a type that is not there is refused with those that are and near names") {
  const Manifest two = with_types({"intent", "entities"});
  const Status refused = choose_type(named("x", "entitis"), two).status();
  CHECK(refused.code() == Code::not_found);
  CHECK(refused.error().near == std::vector<std::string>{"entities"});
  CHECK_THAT(refused.error().needed, Contains("intent, entities"));
  CHECK(refused.error().object == "component 'x'");
  CHECK(choose_type(named("x"), two).status().code() == Code::not_found);
  CHECK(choose_type(named("x", "y"), with_types({"intent"})).status().code() == Code::not_found);
}

TEST_CASE("a stamp is made of contents and differs when one of them does") {
  const Manifest manifest = with_types({"intent", "entities"});
  Prepared one;
  one.sha256 = "aa";
  one.model_sha256 = "bb";
  one.type = &manifest.types[0];
  one.settings = text("x");
  const uint64_t stamp = stamp_of(one);
  CHECK(stamp != 0);
  CHECK(stamp_of(one) == stamp);
  const auto differs = [&](auto change) {
    Prepared other = one;
    change(other);
    return stamp_of(other) != stamp;
  };
  CHECK(differs([](Prepared& p) { p.sha256 = "ab"; }));
  CHECK(differs([](Prepared& p) { p.model_sha256 = "bc"; }));
  CHECK(differs([](Prepared& p) { p.model_sha256.clear(); }));
  CHECK(differs([&](Prepared& p) { p.type = &manifest.types[1]; }));
  CHECK(differs([](Prepared& p) { p.settings = text("y"); }));
  CHECK_FALSE(differs([](Prepared& p) {
    p.path = "/elsewhere/nlu.so";
    p.copy_path = "/another/state/libs/nlu.so";
    p.identity = "1:2:3";
  }));
}

TEST_CASE("a folder holds files when it is there and something is in it") {
  const TempFolder folder;
  CHECK_FALSE(holds_files(folder / "none"));
  std::filesystem::create_directory(folder / "data");
  CHECK_FALSE(holds_files(folder / "data"));
  std::ofstream(folder / "data/rows") << "x";
  CHECK(holds_files(folder / "data"));
}

TEST_CASE("a plugin that the index does not know has no identity and no manifest") {
  PluginIndex index({.folders = {}, .allow = {}});
  CHECK(plugin_file_identity(named("x"), index).empty());
  CHECK(known_manifest(named("x"), index) == nullptr);
}
