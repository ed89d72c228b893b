#include "pipeline/calls/timeout.h"

#include <catch2/catch.hpp>

#include "support/manual_loop.h"
#include "unit/pipeline/fake_arrivals.h"

using namespace dormouse;
using namespace std::chrono_literals;

namespace {

struct Clocked {
  ManualClock clock;
  ManualLoop loop{clock};
  std::shared_ptr<FakeArrivals> arrivals = std::make_shared<FakeArrivals>();
  Timeout timeout;

  Clocked() { timeout.begin(25ms); }
  void run() { timeout.run(clock.now(), {*arrivals, loop, {1, 2, 0, 3, 4}}); }
};

}  // namespace

TEST_CASE("a timeout comes when the time is used up and not before") {
  Clocked t;
  t.run();
  CHECK(t.timeout.end() == t.clock.now() + 25ms);
  t.loop.advance(24ms);
  CHECK(t.arrivals->timeouts.empty());
  t.loop.advance(1ms);
  REQUIRE(t.arrivals->timeouts.size() == 1);
  CHECK(t.arrivals->timeouts[0].node == 3);
  CHECK(t.timeout.used_up(t.clock.now()) == 25ms);
}

TEST_CASE("a timeout stands still while its stage waits for a load") {
  Clocked t;
  t.run();
  t.loop.advance(10ms);
  t.timeout.pause(t.clock.now(), t.loop);
  CHECK(t.timeout.end() == Time::max());
  t.loop.advance(1h);
  CHECK(t.arrivals->timeouts.empty());
  t.run();
  t.loop.advance(14ms);
  CHECK(t.arrivals->timeouts.empty());
  t.loop.advance(1ms);
  CHECK(t.arrivals->timeouts.size() == 1);
}

TEST_CASE("a timeout that runs is not begun anew") {
  Clocked t;
  t.run();
  t.loop.advance(20ms);
  t.run();
  t.loop.advance(5ms);
  CHECK(t.arrivals->timeouts.size() == 1);
}

TEST_CASE("a timeout that is stopped never comes") {
  Clocked t;
  t.run();
  t.timeout.stop(t.loop);
  t.loop.advance(1h);
  CHECK(t.arrivals->timeouts.empty());
  CHECK(t.timeout.end() == Time::max());
}
