// What a lane does with a component that is open: instances, capabilities, the end of its threads. The plugin's tables
// are the test's; mapping and opening want a shared object (tests/integration/components).
#include "components/loader.h"

#include <catch2/catch.hpp>
#include <stdexcept>

#include "components/call_frame.h"

using namespace dormouse;
using Catch::Contains;

namespace {

// What the plugin does, and what it was asked. One thread, one test at a time.
struct Plugin {
  int32_t status = DM_OK;
  bool throws = false;
  bool gives_none = false;
  std::vector<std::string> asked;
  int32_t ends(const char* what) {
    asked.emplace_back(what);
    if (throws) throw std::runtime_error("boom");
    return status;
  }
} plugin;

int an_instance;

const dm_trim kTrim{sizeof(dm_trim), 0, [](void*, const dm_call*) { return plugin.ends("trim"); }};
const dm_veto kVeto{sizeof(dm_veto), 0, [](void*, const dm_call* call) {
                      plugin.asked.emplace_back("may_park");
                      return plugin.status == DM_OK ? int32_t{DM_OK} : call->fail(call, plugin.status, "not now");
                    }};
const dm_type kType{.size = sizeof(dm_type),
                    .reserved = 0,
                    .name = "part",
                    .open = nullptr,
                    .close = [](void*) { (void)plugin.ends("close"); },
                    .create =
                        [](void*, const dm_call*, void** instance) {
                          *instance = plugin.gives_none ? nullptr : &an_instance;
                          return plugin.ends("create");
                        },
                    .destroy = [](void*) { (void)plugin.ends("destroy"); },
                    .methods = nullptr,
                    .method_count = 0,
                    .reserved2 = 0,
                    .capability = nullptr};

LoadedPlugin opened() {
  plugin = {};
  LoadedPlugin loaded;
  loaded.name = "part";
  loaded.type = &kType;
  loaded.opened = true;
  loaded.instances.resize(2);
  return loaded;
}

Result<void*> instance_of(LoadedPlugin& loaded, unsigned slot) {
  const CallOptions options;
  const CallFrame frame(options);
  return instance_on_lane(loaded, slot, frame.abi());
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("an instance is made at the first use of its slot and kept") {
  LoadedPlugin loaded = opened();
  REQUIRE(instance_of(loaded, 1).ok());
  CHECK(*instance_of(loaded, 1) == &an_instance);
  CHECK(plugin.asked == Words{"create"});
  REQUIRE(instance_of(loaded, 0).ok());
  CHECK(plugin.asked == Words{"create", "create"});
}

TEST_CASE("an instance that could not be made is tried again by the next use") {
  LoadedPlugin loaded = opened();
  plugin.status = DM_RESOURCE_EXHAUSTED;
  const Status failed = instance_of(loaded, 0).status();
  CHECK(failed.code() == Code::unavailable);
  CHECK_THAT(failed.to_string(), Contains("component 'part', create"));
  plugin.status = DM_CANCELLED;
  CHECK(instance_of(loaded, 0).status().code() == Code::cancelled);
  plugin.status = DM_OK;
  plugin.gives_none = true;
  CHECK(instance_of(loaded, 0).status().code() == Code::broken_contract);
  plugin.gives_none = false;
  CHECK(instance_of(loaded, 0).ok());
}

TEST_CASE("each thread of a lane destroys its instance at its end and the first closes the component") {
  LoadedPlugin loaded = opened();
  Lane::Hooks hooks = lane_hooks(loaded);
  REQUIRE(instance_of(loaded, 1).ok());
  plugin.asked.clear();
  hooks.on_thread_stop(1);
  CHECK(plugin.asked == Words{"destroy"});
  hooks.on_thread_stop(0);  // it has made none
  CHECK(plugin.asked == Words{"destroy", "close"});
  hooks.on_thread_stop(0);
  CHECK(plugin.asked == Words{"destroy", "close"});
}

TEST_CASE("an exception at the end of a component does not end the host") {
  LoadedPlugin loaded = opened();
  REQUIRE(instance_of(loaded, 0).ok());
  plugin.throws = true;
  lane_hooks(loaded).on_thread_stop(0);
  CHECK(plugin.asked == Words{"create", "destroy", "close"});
}

TEST_CASE("a component without a capability agrees and one with it is asked") {
  LoadedPlugin loaded = opened();
  CHECK(trim_on_lane(loaded).ok());
  CHECK(ask_veto_on_lane(loaded).ok());
  CHECK(plugin.asked.empty());
  loaded.trim = &kTrim;
  loaded.veto = &kVeto;
  CHECK(trim_on_lane(loaded).ok());
  CHECK(ask_veto_on_lane(loaded).ok());
  CHECK(plugin.asked == Words{"trim", "may_park"});
  plugin.status = DM_UNAVAILABLE;
  CHECK(ask_veto_on_lane(loaded).to_string() == "component 'part', may_park: not now");
  plugin.throws = true;
  CHECK(trim_on_lane(loaded).code() == Code::broken_contract);
}

TEST_CASE("what a crash report says of a plugin that has no manifest is empty and no crash") {
  const LoadedPlugin loaded = opened();
  CHECK(std::string(names_of(loaded).component) == "part");
  CHECK(std::string(names_of(loaded).plugin).empty());
}
