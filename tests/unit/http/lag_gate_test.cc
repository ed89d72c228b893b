#include "http/lag_gate.h"

#include <catch2/catch.hpp>

namespace dormouse {

using namespace std::chrono_literals;

namespace {

// A loop whose timer is `lag` late at each look, for `time`.
Time late(LagGate& gate, Time now, Duration lag, Duration time) {
  for (const Time end = now + time; now < end; now += 20ms) gate.observe(now, lag);
  return now;
}

}  // namespace

TEST_CASE("one late moment refuses nothing") {
  LagGate gate(50ms);
  const Time now{};
  gate.observe(now, 500ms);
  CHECK(gate.is_late());
  CHECK_FALSE(gate.refuses(now, 500ms));
  gate.observe(now + 100ms, 1ms);
  gate.observe(now + 120ms, 500ms);
  CHECK_FALSE(gate.refuses(now + 300ms, 500ms));
}

TEST_CASE("a loop that is late all the time refuses what waited too long and nothing else") {
  LagGate gate(50ms);
  const Time now = late(gate, Time{}, 60ms, 400ms);
  CHECK(gate.refuses(now, 51ms));
  CHECK_FALSE(gate.refuses(now, 50ms));
  CHECK_FALSE(gate.refuses(now, 0ms));
}

TEST_CASE("a loop that caught up once is not late any more") {
  LagGate gate(50ms);
  Time now = late(gate, Time{}, 60ms, 400ms);
  gate.observe(now, 25ms);
  CHECK_FALSE(gate.refuses(now, 1s));
  now = late(gate, now, 60ms, 100ms);
  CHECK_FALSE(gate.refuses(now, 1s));
  now = late(gate, now, 60ms, 200ms);
  CHECK(gate.refuses(now, 1s));
}

TEST_CASE("requests that wait longer than the loop's timer count as its lag") {
  LagGate gate(50ms);
  Time now{};
  for (int i = 0; i < 20; ++i, now += 20ms) {
    gate.request_waited(1ms);
    gate.request_waited(90ms);
    gate.request_waited(2ms);
    gate.observe(now, 10ms);
    CHECK(gate.lag() == 90ms);
  }
  CHECK(gate.refuses(now, 90ms));
  gate.observe(now, 10ms);  // each wait counts once
  CHECK(gate.lag() == 10ms);
  CHECK_FALSE(gate.refuses(now, 90ms));
}

TEST_CASE("a limit of zero refuses nothing") {
  LagGate gate(0ms);
  const Time now = late(gate, Time{}, 10s, 1s);
  CHECK_FALSE(gate.refuses(now, 1h));
}

}  // namespace dormouse
