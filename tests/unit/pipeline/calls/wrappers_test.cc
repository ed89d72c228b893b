#include "pipeline/calls/wrappers.h"

#include <catch2/catch.hpp>

#include "unit/cache/fake_space.h"
#include "unit/pipeline/script_host.h"

using namespace dormouse;
using namespace std::chrono_literals;

TEST_CASE("wrappers are planned in the documented order whatever the order of the keys") {
  ScriptHostFixture t;
  Caches caches([](const std::string&,
                   const std::string&) { return std::make_unique<FakeSpace>(std::make_shared<FakeSpace::State>()); },
                1, t.metrics);
  CachePolicy policy;
  policy.name = "answers";
  caches.apply({policy});
  Node node;
  node.cache.emplace();
  node.timeout = 25ms;
  node.fallback = text_map({{"text", "instead"}});
  std::vector<WrapperPlan> plans;
  Wrappers::plan(node, {caches.find(policy), {}}, plans);
  REQUIRE(plans.size() == 3);
  CHECK(std::holds_alternative<Fallback::Plan>(plans[0]));
  CHECK(std::holds_alternative<Timeout::Plan>(plans[1]));
  CHECK(std::holds_alternative<CachedCall::Plan>(plans[2]));
  CHECK_FALSE(always_takes_part(plans[0]));
  CHECK_FALSE(always_takes_part(plans[1]));
  CHECK(always_takes_part(plans[2]));
  std::vector<WrapperRun> runs;
  for (uint8_t place = 0; place < plans.size(); ++place) {
    add_run(plans[place], place, runs);
    const WrapperRun& run = runs.back();
    CHECK(run.index() == plans[place].index());
    CHECK(std::visit([](const auto& its) { return its.place(); }, run) == place);
  }
}

TEST_CASE("a node without wrappers has no plan") {
  std::vector<WrapperPlan> plans;
  Wrappers::plan(Node(), {}, plans);
  CHECK(plans.empty());
}
