#include "artifacts/handshake.h"

#include <catch2/catch.hpp>
#include <string>

#include "artifacts/manifest.h"

using namespace dormouse;

namespace {

int32_t run(void*, const dm_call*, dm_value, dm_writer*) {
  return DM_OK;
}
int32_t open(const dm_host*, const dm_call*, const dm_open_args*, void**) {
  return DM_OK;
}
int32_t create(void*, const dm_call*, void**) {
  return DM_OK;
}
void give_back(void*) {}

constexpr const char* kManifest = R"({"id":"p","version":"1.0.0","abi":"1.0","types":[{"name":"t","default_method":"a",
  "methods":[{"name":"a","input":{},"output":"any"},{"name":"b","input":{},"output":"any","thread":"any"}]}]})";

// A plugin's table that fits kManifest, to be spoilt.
struct Table {
  dm_method a{sizeof(dm_method), 0, "a", run};
  dm_method b{sizeof(dm_method), 0, "b", run};
  const dm_method* methods[2] = {&a, &b};
  dm_type type{sizeof(dm_type), 0, "t", open, give_back, create, give_back, methods, 2, 0, nullptr};
  const dm_type* types[1] = {&type};
  dm_plugin plugin{DM_PLUGIN_MAGIC, sizeof(dm_plugin), DM_ABI_MAJOR, DM_ABI_MINOR, 1, "p", "1.0.0", types};

  Status shake() const {
    const Result<Manifest> manifest = parse_manifest(kManifest, "m");
    REQUIRE(manifest.ok());
    return handshake(&plugin, *manifest, "o");
  }
};

}  // namespace

TEST_CASE("a plugin that is what its manifest says is accepted") {
  CHECK(Table().shake().to_string() == "ok");
}

TEST_CASE("a table of another ABI version is refused with needed and found") {
  Table t;
  t.plugin.abi_major = 2;
  CHECK(t.shake().to_string() ==
        "o: built for another version of the plugin ABI; needed ABI 1.0, found 2.0; "
        "use a newer host, or build the plugin with this host's plugin-api");
  CHECK(t.shake().code() == Code::invalid_argument);
  t.plugin.abi_major = 1;
  t.plugin.abi_minor = 7;
  CHECK(t.shake().error().found == "1.7");
  t.plugin.abi_major = 0;
  CHECK(t.shake().error().remedy == "build the plugin with this host's plugin-api");
}

TEST_CASE("a table that differs from its manifest is a broken contract") {
  const auto broken = [](auto spoil) {
    Table t;
    spoil(t);
    const Status status = t.shake();
    CHECK(status.code() == Code::broken_contract);
    return status.ok() ? "ok" : status.error().message + ": " + status.error().found;
  };
  CHECK(broken([](Table& t) { t.plugin.magic = 7; }) == "the exported symbol dormouse_plugin is no plugin table: 7");
  CHECK(broken([](Table& t) { t.plugin.size = 16; }) ==
        "the struct dm_plugin is shorter than its ABI version says: 16");
  CHECK(broken([](Table& t) { t.type.size = 8; }) == "the struct dm_type is shorter than its ABI version says: 8");
  CHECK(broken([](Table& t) { t.b.size = 0; }) == "the struct dm_method is shorter than its ABI version says: 0");
  CHECK(broken([](Table& t) { t.plugin.id = "q"; }) == "the manifest and the plugin's table differ in id: q (table)");
  CHECK(broken([](Table& t) { t.plugin.id = nullptr; }) ==
        "the manifest and the plugin's table differ in id: (null) (table)");
  CHECK(broken([](Table& t) { t.plugin.version = "1.0.1"; }) ==
        "the manifest and the plugin's table differ in version: 1.0.1 (table)");
  CHECK(broken([](Table& t) { t.plugin.type_count = 2; }) ==
        "the manifest and the plugin's table differ in number of types: 2 (table)");
  CHECK(broken([](Table& t) { t.plugin.types = nullptr; }) == "its table is incomplete: null");
  CHECK(broken([](Table& t) { t.types[0] = nullptr; }) == "its table is incomplete: null");
  CHECK(broken([](Table& t) { t.type.name = "u"; }) ==
        "the manifest and the plugin's table differ in types: type 'u' (table)");
  CHECK(broken([](Table& t) { t.type.open = nullptr; }) == "its table is incomplete: null");
  CHECK(broken([](Table& t) { t.type.close = nullptr; }) == "its table is incomplete: null");
  CHECK(broken([](Table& t) { t.type.create = nullptr; }) == "type 't' breaks the ABI: destroy");
  CHECK(broken([](Table& t) { t.type.create = nullptr, t.type.destroy = nullptr; }) == "its table is incomplete: null");
  CHECK(broken([](Table& t) { t.type.methods = nullptr; }) == "its table is incomplete: null");
  CHECK(broken([](Table& t) { t.type.method_count = 1; }) ==
        "the manifest and the plugin's table differ in number of methods of type 't': 1 (table)");
  CHECK(broken([](Table& t) { t.methods[1] = nullptr; }) == "its table is incomplete: null");
  CHECK(broken([](Table& t) { t.methods[1] = &t.a; }) == "its table names a method twice: 'a' twice");
  CHECK(broken([](Table& t) { t.b.name = "c"; }) ==
        "the manifest and the plugin's table differ in methods of type 't': method 'c' (table)");
  CHECK(broken([](Table& t) { t.b.run = nullptr; }) == "its table is incomplete: null");
}

TEST_CASE("no table at all is a broken contract") {
  const Result<Manifest> manifest = parse_manifest(kManifest, "m");
  REQUIRE(manifest.ok());
  CHECK(handshake(nullptr, *manifest, "o").code() == Code::broken_contract);
}

TEST_CASE("a longer table of the same version is accepted") {
  Table t;
  t.plugin.size += 8, t.type.size += 8, t.a.size += 8;
  CHECK(t.shake().ok());
}
