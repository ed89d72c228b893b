#include "pipeline/calls/timeout.h"

#include <catch2/catch.hpp>

#include "unit/pipeline/fake_wrapped.h"

using namespace dormouse;
using namespace std::chrono_literals;

namespace {

struct Clocked : FakeWrapped {
  const Timeout::Plan plan{25ms};
  Timeout timeout{plan};

  Clocked() { timeout.stand_at(1); }
  void run() { timeout.work(clock.now(), completion()); }
};

}  // namespace

TEST_CASE("a timeout comes when the time is used up and not before") {
  Clocked t;
  t.run();
  CHECK(t.timeout.deadline() == t.clock.now() + 25ms);
  t.loop.advance(24ms);
  CHECK(t.arrivals->timers.empty());
  t.loop.advance(1ms);
  REQUIRE(t.arrivals->timers.size() == 1);
  CHECK(t.arrivals->timers[0].first.node == 3);
  CHECK(t.arrivals->timers[0].second == 1);
  Ending ending;
  CHECK(t.timeout.on_timer(t, ending) == GoOn::out);
  CHECK(ending.outcome == Outcome::timeout);
  CHECK(ending.error.error().message == "took longer than its timeout of 25ms");
  CHECK(ending.says == Ending::Says::nothing);  // what was asked for may come later
  CHECK(t.its_times.ran == 25ms);
}

TEST_CASE("a timeout of a request that is over is nothing any more") {
  Clocked t;
  t.run();
  t.loop.advance(25ms);
  t.over = true;
  Ending ending;
  CHECK(t.timeout.on_timer(t, ending) == GoOn::wait);
  CHECK(t.its_times.ran == Duration::zero());
}

TEST_CASE("a timeout stands still while its stage waits for a load") {
  Clocked t;
  t.run();
  t.loop.advance(10ms);
  t.timeout.pause(t.clock.now(), t.loop);
  CHECK(t.timeout.deadline() == Time::max());
  t.loop.advance(1h);
  CHECK(t.arrivals->timers.empty());
  t.run();
  t.loop.advance(14ms);
  CHECK(t.arrivals->timers.empty());
  t.loop.advance(1ms);
  CHECK(t.arrivals->timers.size() == 1);
}

TEST_CASE("a timeout that runs is not begun anew") {
  Clocked t;
  t.run();
  t.loop.advance(20ms);
  t.run();
  t.loop.advance(5ms);
  CHECK(t.arrivals->timers.size() == 1);
}

TEST_CASE("a timeout that is stopped never comes and has its whole time again") {
  Clocked t;
  t.run();
  t.loop.advance(20ms);
  t.timeout.stop(t.loop);
  t.loop.advance(1h);
  CHECK(t.arrivals->timers.empty());
  CHECK(t.timeout.deadline() == Time::max());
  t.run();
  CHECK(t.timeout.deadline() == t.clock.now() + 25ms);
}
