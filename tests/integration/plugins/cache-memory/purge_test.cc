// A space of the host in a real component, while that component comes and goes.
#include <catch2/catch.hpp>

#include "cache/component_space.h"
#include "support/component_host.h"

namespace dormouse {
namespace {

using namespace std::chrono_literals;

struct PurgedSpace {
  ComponentHost host{{DORMOUSE_PLUGINS}};
  Component& component = host.add("cache", "cache-memory");
  ComponentSpace space{component.shared_from_this(), "answers"};

  PurgedSpace() {
    space.set_limits({.max_bytes = 1 << 20, .eviction = {}});
    REQUIRE(host.acquire(component).ok());
  }
  bool put(const char* key, const std::vector<std::string>& tags = {}) {
    const Time now = host.clock.now();
    const CacheSpace::Epoch since = space.get(key, now).epoch;
    const Value value = text_value(key);
    return space.put({key, value, tags, Time::max(), {}}, since, now) == CacheSpace::Put::kept;
  }
  bool has(const char* key) { return static_cast<bool>(space.get(key, host.clock.now()).value); }
};

}  // namespace

TEST_CASE("a purge while the component drains holds when it comes back to ready") {
  for (const bool by_tag : {false, true}) {
    PurgedSpace t;
    Result<Lease> in_use = t.host.acquire(t.component);
    REQUIRE(t.put("old", {"kb"}));
    REQUIRE(t.has("old"));
    const auto unload = t.host.start(t.component, Verb::unload, {.wait = 5s});
    t.host.loop.run_ready();
    REQUIRE(t.component.status().state == State::draining);
    const std::string tag = "kb";
    REQUIRE(t.space.purge(by_tag ? &tag : nullptr).ok());
    t.host.pass(5s);
    REQUIRE(t.component.status().state == State::ready);
    REQUIRE(t.component.status().generation == 1);
    CHECK_FALSE(t.has("old"));
    CHECK(t.put("new", {"kb"}));
    CHECK(t.has("new"));
  }
}

TEST_CASE("what was begun before a purge of a component that drains is not kept when it comes back") {
  PurgedSpace t;
  Result<Lease> in_use = t.host.acquire(t.component);
  const Time now = t.host.clock.now();
  const CacheSpace::Epoch before = t.space.get("old", now).epoch;
  (void)t.host.start(t.component, Verb::unload, {.wait = 5s});
  t.host.loop.run_ready();
  REQUIRE(t.space.purge(nullptr).ok());
  t.host.pass(5s);
  REQUIRE(t.component.status().state == State::ready);
  const Value value = text_value("old");
  CHECK(t.space.put({"old", value, {}, Time::max(), {}}, before, now) == CacheSpace::Put::refused);
}

}  // namespace dormouse
