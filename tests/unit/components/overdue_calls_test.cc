#include "components/overdue_calls.h"

#include <catch2/catch.hpp>

#include "support/manual_loop.h"

using namespace dormouse;
using namespace std::chrono_literals;

namespace {

struct Fixture {
  ManualClock clock;
  ManualLoop loop{clock};
  EventLog events{16};
  std::shared_ptr<OverdueCalls> calls = std::make_shared<OverdueCalls>("slow", loop, events);
  int key = 0;

  void cancel(bool still_runs = true) {
    calls->cancelled(&key, clock.now(), [&]() -> std::optional<OverdueCall> {
      if (!still_runs) return std::nullopt;
      return OverdueCall{"run", "00000000000000aa", {}};
    });
    loop.run_ready();
  }
};

}  // namespace

TEST_CASE("a call that has not ended a second after its cancel is overdue and named") {
  Fixture f;
  f.cancel();
  f.loop.advance(kCancelGrace - 1ms);
  CHECK(f.calls->list().empty());
  CHECK(f.events.since(0).empty());
  f.loop.advance(1ms);
  REQUIRE(f.calls->list().size() == 1);
  const std::vector<Event> events = f.events.since(0);
  REQUIRE(events.size() == 1);
  CHECK(events[0].kind == "call.overdue");
  CHECK(events[0].object == "slow");
  const EventFields fields{{"component", "slow"}, {"method", "run"}, {"request", "00000000000000aa"}, {"age_ms", 1000}};
  CHECK(events[0].fields == fields);
  f.loop.advance(5s);
  CHECK(f.calls->list()[0].age == kCancelGrace + 5s);
  CHECK(f.events.since(0).size() == 1);
}

TEST_CASE("a call that ends within the grace is not overdue") {
  Fixture f;
  f.cancel();
  f.calls->ended(&f.key);
  f.loop.advance(2 * kCancelGrace);
  CHECK(f.calls->list().empty());
  CHECK(f.events.since(0).empty());
}

TEST_CASE("an overdue call that ends is listed no more") {
  Fixture f;
  f.cancel();
  f.loop.advance(kCancelGrace);
  f.calls->ended(&f.key);
  CHECK(f.calls->list().empty());
}

TEST_CASE("a call that ends while it is cancelled is not kept") {
  Fixture f;
  f.cancel(/*still_runs=*/false);
  f.loop.advance(2 * kCancelGrace);
  CHECK(f.calls->list().empty());
}

TEST_CASE("the grace of a call does not count for the next one at its place") {
  Fixture f;
  f.cancel();
  f.loop.advance(kCancelGrace / 2);
  f.calls->ended(&f.key);
  f.cancel();
  f.loop.advance(kCancelGrace / 2);
  CHECK(f.calls->list().empty());
  f.loop.advance(kCancelGrace / 2);
  CHECK(f.calls->list().size() == 1);
}
