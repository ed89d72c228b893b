#include "components/ledger_timers.h"

#include <catch2/catch.hpp>

#include "support/manual_clock.h"
#include "support/manual_loop.h"

using namespace dormouse;
using namespace std::chrono_literals;

namespace {

struct Host {
  ManualClock clock;
  ManualLoop loop{clock};
  LedgerTimers timers{loop};
  unsigned ran = 0;
  uint64_t after(Duration delay) {
    return timers.after(delay, [this] { ++ran; });
  }
};

}  // namespace

TEST_CASE("a timer runs once when its delay has passed") {
  Host host;
  host.after(5s);
  host.loop.run_ready();
  host.loop.advance(4999ms);
  CHECK(host.ran == 0);
  host.loop.advance(1ms);
  CHECK(host.ran == 1);
  host.loop.advance(1h);
  CHECK(host.ran == 1);
}

TEST_CASE("a cancelled timer does not run and leaves nothing on the loop") {
  Host host;
  const uint64_t waits = host.after(5s);
  host.loop.run_ready();
  const uint64_t other = host.after(5s);
  CHECK(waits != other);
  host.timers.cancel(waits);
  host.timers.cancel(other);  // it has not reached the loop yet
  host.loop.run_ready();
  CHECK(host.loop.timers() == 0);
  host.loop.advance(1h);
  CHECK(host.ran == 0);
}

TEST_CASE("a cancel of a timer that ran is nothing") {
  Host host;
  const uint64_t ended = host.after(1s);
  host.after(2s);
  host.loop.run_ready();
  host.loop.advance(1s);
  host.timers.cancel(ended);
  host.timers.cancel(4711);
  host.loop.advance(1s);
  CHECK(host.ran == 2);
}
