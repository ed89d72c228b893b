// One stage step by step, without a scheduler. Whole requests are in scheduler_test and cached_call_test.
#include "pipeline/kinds/stage.h"

#include <catch2/catch.hpp>

#include "unit/pipeline/by_hand.h"

using namespace dormouse;
using namespace std::chrono_literals;

namespace {

struct OneStage : ByHand {
  FakeComponent& a = components->add("a", "{text: string}", "{text: string}");

  explicit OneStage(const std::string& wrappers = "") {
    scripts(
        "return dm.pipeline('p', { input = { text = 'string' },\n"
        "  dm.stage('one', { component = 'a', input = ref.request, " +
        wrappers + " }), output = ref.one:default({ text = 'nothing' }) })");
  }
  Stage stage() { return {tools, functions, request, *first, 0}; }
  void hang() {
    a.inline_calls = false;
    a.hangs = true;
  }
};

const char* const kWrapped = "timeout = '25ms', fallback = { text = 'instead' }, optional = true";

}  // namespace

TEST_CASE("a stage begins once") {
  OneStage t;
  t.begin_first("p");
  t.stage().begin();
  t.stage().begin();
  CHECK(t.a.calls == 1);
  CHECK_FALSE(t.first->is_running());
}

TEST_CASE("a stage waits for the lease of its component and of no other") {
  OneStage t;
  t.a.ready = false;
  t.begin_first("p");
  t.stage().begin();
  CHECK(t.stage().waits_for(0));
  CHECK_FALSE(t.stage().waits_for(1));
  t.a.load();
  t.loop.run_ready();
  REQUIRE(t.arrivals->held_leases.size() == 1);
  REQUIRE(t.request.leases.arrived(0, Lease()));
  t.stage().on_held_lease(t.clock.now());
  CHECK(t.a.calls == 1);
  CHECK_FALSE(t.stage().waits_for(0));
}

TEST_CASE("a timer of a wrapper ends what is inside of it and goes out through what is outside") {
  OneStage t(kWrapped);
  t.hang();
  t.begin_first("p");
  t.stage().begin();
  t.loop.advance(25ms);
  REQUIRE(t.arrivals->timers.size() == 1);
  const auto [at, wrapper] = t.arrivals->timers[0];
  CHECK(wrapper == 1);  // inside of the fallback
  REQUIRE(t.at(at) == t.first.get());
  t.stage().on_timer(wrapper);
  CHECK(t.a.last_options.cancel.cancelled());
  CHECK(t.traced() == "one: fallback");
  CHECK(t.request.trace[0].error.code() == Code::deadline_exceeded);
  CHECK(t.at(at) == nullptr);
}

TEST_CASE("wrappers stay addressed while an attempt inside of them is given up") {
  OneStage t(kWrapped);
  t.hang();
  t.begin_first("p");
  t.stage().begin();
  const Address of_the_call = t.first->address(0);
  REQUIRE(t.at(of_the_call));
  t.first->stop_inside(0, 1);
  CHECK(t.a.last_options.cancel.cancelled());
  CHECK(t.at(of_the_call) == nullptr);
  t.loop.advance(25ms);
  REQUIRE(t.arrivals->timers.size() == 1);
  CHECK(t.at(t.arrivals->timers[0].first) == t.first.get());
}

TEST_CASE("a stage that ends at once leaves its wrappers as they were") {
  OneStage t(kWrapped);
  t.begin_first("p");
  t.stage().begin();
  CHECK_FALSE(t.first->is_running());
  CHECK_FALSE(t.first->run(0).wrappers_used);
  CHECK(t.loop.timers() == 0);
}
