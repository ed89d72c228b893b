// Built plugin files, mapped and called: exceptions stop at the wrapper, and dlclose really gives the file back.
#include <dlfcn.h>
#include <link.h>
#include <catch2/catch.hpp>

#include <cstring>

#include "dormouse/plugin.hpp"
#include "plugin-api/fake_host.h"

using dormouse_test::AlignedBytes;
using dormouse_test::FakeCall;
using dormouse_test::FakeHost;
using dormouse_test::FakeWriter;
using dormouse_test::Serialiser;
using dormouse_test::Tree;

namespace {

bool in_link_map(const char* path) {
  struct Search {
    const char* path;
    bool found;
  } search{path, false};
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* data) {
        auto* s = static_cast<Search*>(data);
        if (info->dlpi_name && std::strcmp(info->dlpi_name, s->path) == 0) s->found = true;
        return 0;
      },
      &search);
  return search.found;
}

struct Mapped {
  explicit Mapped(const char* file) : path(file), handle(dlopen(file, RTLD_NOW | RTLD_LOCAL)) {
    INFO((handle ? "" : dlerror()));
    REQUIRE(handle != nullptr);
    plugin = static_cast<const dm_plugin*>(dlsym(handle, DM_PLUGIN_SYMBOL));
    REQUIRE(plugin != nullptr);
  }
  ~Mapped() {
    if (handle) dlclose(handle);
  }
  // Whether the file is gone afterwards.
  bool unmap() {
    CHECK(in_link_map(path));
    dlclose(std::exchange(handle, nullptr));
    void* still = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
    if (still) dlclose(still);
    return still == nullptr && !in_link_map(path);
  }
  const char* path;
  void* handle;
  const dm_plugin* plugin = nullptr;
};

// Opens the only type, calls its only method with {text: ...}, closes. Returns the status; `out` has the result.
int32_t call_once(const dm_plugin& plugin, const char* text, FakeCall& call, FakeWriter& out) {
  FakeHost host;
  const dm_type& type = *plugin.types[0];
  const AlignedBytes settings = Serialiser::bytes(Tree::map({}));
  const dm_open_args args{sizeof(dm_open_args), DM_OPEN_SERVE, "c", settings.root(), "", ""};
  void* component = nullptr;
  REQUIRE(type.open(host.abi(), call.abi(), &args, &component) == DM_OK);
  const AlignedBytes in = Serialiser::bytes(Tree::map({{"text", Tree::string(text)}}));
  const int32_t status = type.methods[0]->run(component, call.abi(), in.root(), out.abi());
  type.close(component);
  return status;
}

}  // namespace

TEST_CASE("echo in C returns its text and is unmapped") {
  Mapped mapped(ECHO_PLUGIN);
  CHECK(mapped.plugin->magic == DM_PLUGIN_MAGIC);
  CHECK(mapped.plugin->size == sizeof(dm_plugin));
  CHECK(std::string(mapped.plugin->id) == "echo");
  FakeCall call;
  FakeWriter out;
  CHECK(call_once(*mapped.plugin, "hello", call, out) == DM_OK);
  REQUIRE(out.whole());
  const AlignedBytes result = out.bytes();
  CHECK(dormouse::View(result.root())["text"].as_string() == "hello");
  CHECK(mapped.unmap());
}

TEST_CASE("a plugin full of template statics and shared pointers and regular expressions is unmapped") {
  Mapped mapped(STICKY_PLUGIN);
  FakeCall call;
  FakeWriter out;
  CHECK(call_once(*mapped.plugin, "aaa", call, out) == DM_OK);
  const AlignedBytes result = out.bytes();
  CHECK(dormouse::View(result.root())["matched"].as_bool());
  CHECK(dormouse::View(result.root())["n"].as_int() == 10);
  CHECK(mapped.unmap());
}

TEST_CASE("an exception thrown in a mapped plugin is a status here") {
  Mapped mapped(STICKY_PLUGIN);
  FakeCall call;
  FakeWriter out;
  CHECK(call_once(*mapped.plugin, "throw", call, out) == DM_INTERNAL);
  CHECK(call.message == "thrown by the fixture");
  CHECK(mapped.unmap());
}
