#include "http/lag_gate.h"

#include <catch2/catch.hpp>

namespace dormouse {

using namespace std::chrono_literals;

namespace {

// A loop with one limit, looked at every 20 ms, that is always busy.
struct Loop {
  explicit Loop(Duration limit) : gate(limit) {}

  // For `time` its timer is `lag` late, and so many requests are read between two looks that waited for nothing.
  void run(Duration time, Duration lag, int requests) {
    for (const Time end = now + time; now < end; now += 20ms) {
      for (int i = 0; i < requests; ++i) gate.refuse(now, 0ms);
      cpu += 20ms;
      gate.observe(now, lag, cpu);
    }
  }

  LagGate gate;
  Time now{};
  Duration cpu{};
};

constexpr int kDear = 4;      // requests in 20 ms: 5 ms each
constexpr int kCheap = 1000;  // 20 us each

}  // namespace

TEST_CASE("one late moment refuses nothing") {
  Loop loop(50ms);
  loop.run(1s, 1ms, kDear);
  loop.run(100ms, 500ms, kDear);
  CHECK(loop.gate.is_late());
  CHECK_FALSE(loop.gate.refuse(loop.now, 500ms));
  loop.run(40ms, 1ms, kDear);
  loop.run(100ms, 500ms, kDear);
  CHECK_FALSE(loop.gate.refuse(loop.now, 500ms));
}

TEST_CASE("a loop that is late all the time refuses what waited too long and nothing else") {
  Loop loop(50ms);
  loop.run(400ms, 60ms, kDear);
  CHECK(loop.gate.refuse(loop.now, 51ms));
  CHECK_FALSE(loop.gate.refuse(loop.now, 50ms));
  CHECK_FALSE(loop.gate.refuse(loop.now, 0ms));
}

TEST_CASE("a loop that caught up once is not late any more") {
  Loop loop(50ms);
  loop.run(400ms, 60ms, kDear);
  loop.run(20ms, 25ms, kDear);
  CHECK_FALSE(loop.gate.refuse(loop.now, 40ms));
  loop.run(100ms, 60ms, kDear);
  CHECK_FALSE(loop.gate.refuse(loop.now, 1s));
  loop.run(200ms, 60ms, kDear);
  CHECK(loop.gate.refuse(loop.now, 1s));
}

TEST_CASE("requests that cost no more than their refusal are not refused") {
  Loop loop(50ms);
  loop.run(2s, 100ms, kCheap);
  CHECK_FALSE(loop.gate.refuse(loop.now, 1s));
  loop.run(1s, 100ms, kDear);
  CHECK(loop.gate.refuse(loop.now, 1s));
}

TEST_CASE("many refusals do not make cheap requests look dear") {
  Loop loop(50ms);
  loop.run(1s, 100ms, kDear);
  // From here on a request takes 20 us and a refusal 15 us, and every request has waited too long.
  unsigned refused_last = 0;
  for (int look = 0; look < 100; ++look, loop.now += 20ms) {
    refused_last = 0;
    for (int i = 0; i < 1000; ++i) {
      const bool refused = loop.gate.refuse(loop.now, i % 100 == 0 ? 10ms : 90ms);
      loop.cpu += refused ? 15us : 20us;
      refused_last += refused ? 1 : 0;
    }
    loop.gate.observe(loop.now, 100ms, loop.cpu);
  }
  CHECK(refused_last == 0);
}

TEST_CASE("requests that wait longer than the loop's timer count as its lag") {
  Loop loop(50ms);
  for (int i = 0; i < 20; ++i) {
    loop.gate.refuse(loop.now, 90ms);
    loop.run(20ms, 10ms, kDear);
    CHECK(loop.gate.lag() == 90ms);
  }
  CHECK(loop.gate.refuse(loop.now, 90ms));
  loop.run(40ms, 10ms, kDear);  // each wait counts once
  CHECK(loop.gate.lag() == 10ms);
  CHECK_FALSE(loop.gate.refuse(loop.now, 90ms));
}

TEST_CASE("a limit of zero refuses nothing") {
  Loop loop(0ms);
  loop.run(1s, 10s, kDear);
  CHECK_FALSE(loop.gate.refuse(loop.now, 1h));
}

}  // namespace dormouse
