#include "pipeline/loop_functions.h"

#include <catch2/catch.hpp>

#include "unit/pipeline/fake_arrivals.h"
#include "unit/pipeline/fake_components.h"

using namespace dormouse;

namespace {

struct Turns {
  ManualClock clock;
  ManualLoop loop{clock};
  FakeComponents components{loop};
  Metrics metrics;
  std::shared_ptr<FakeArrivals> arrivals = std::make_shared<FakeArrivals>();
  LoopFunctions functions{loop, *arrivals, components, clock, ScriptLimits(), metrics};

  static Address node(uint16_t index) { return {1, 1, 0, index, 1}; }
};

}  // namespace

TEST_CASE("a function begins at once while no other has used up its time") {
  Turns t;
  CHECK_FALSE(t.functions.put_off(Turns::node(1), kRunSlot));
  CHECK(t.loop.run_ready() == 0);
}

TEST_CASE("functions are put off until the loop has turned and then begin in order") {
  Turns t;
  t.functions.budget_exceeded();
  CHECK(t.functions.put_off(Turns::node(1), kRunSlot));
  CHECK(t.functions.put_off(Turns::node(2), kInputSlot));
  CHECK(t.arrivals->turns.empty());
  t.loop.run_ready();
  REQUIRE(t.arrivals->turns.size() == 2);
  CHECK(t.arrivals->turns[0].first.node == 1);
  CHECK(t.arrivals->turns[1].first.node == 2);
  CHECK(t.arrivals->turns[1].second == kInputSlot);
  CHECK_FALSE(t.functions.put_off(Turns::node(3), kRunSlot));
}

TEST_CASE("entries that used up their time are counted each") {
  Turns t;
  t.functions.budget_exceeded();
  t.functions.budget_exceeded();
  CHECK(t.metrics.value("dormouse_lua_budget_exceeded_total", {}) == 2);
  CHECK(t.loop.run_ready() == 1);  // one turn for both
}

TEST_CASE("faults of functions are counted by their place") {
  Turns t;
  t.functions.count_fault("t.lua", 4);
  CHECK(t.metrics.value("dormouse_script_errors_total", {{"script", "t.lua"}, {"line", "4"}}) == 1);
}
