#include "components/lease.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

using dormouse::Gate;

TEST_CASE("a shut gate lets nobody in") {
  Gate gate;
  CHECK_FALSE(gate.try_enter());
  gate.open(0);
  CHECK(gate.try_enter());
  CHECK(gate.close() == 1);
  CHECK_FALSE(gate.try_enter());
}

TEST_CASE("a gate with somebody inside is not closed as an empty one") {
  Gate gate;
  gate.open(1);
  CHECK_FALSE(gate.close_if_empty());
  CHECK(gate.is_open());
  CHECK(gate.leave() == Gate::Left::last_open);
  CHECK(gate.close_if_empty());
  CHECK_FALSE(gate.is_open());
}

TEST_CASE("the last one out of a shut gate is told so and only he") {
  Gate gate;
  gate.open(3);
  gate.close();
  CHECK(gate.leave() == Gate::Left::others_inside);
  CHECK(gate.leave() == Gate::Left::others_inside);
  CHECK(gate.leave() == Gate::Left::last_closed);
}

TEST_CASE("reopening a draining gate keeps those inside and adds the waiters") {
  Gate gate;
  gate.open(2);
  gate.close();
  gate.open(3);
  CHECK(gate.inside() == 5);
  CHECK(gate.is_open());
}

TEST_CASE("nobody is inside once a racing close found the gate empty") {
  // Four threads come and go while one tries to close: whenever it succeeds, entering must fail until it opens again.
  Gate gate;
  gate.open(0);
  std::atomic<bool> closed{false}, stop{false}, broken{false};
  std::vector<std::thread> visitors;
  for (int i = 0; i < 4; ++i)
    visitors.emplace_back([&] {
      while (!stop) {
        if (!gate.try_enter()) continue;
        if (closed) broken = true;
        (void)gate.leave();
        std::this_thread::yield();
      }
    });
  int closes = 0;
  for (int i = 0; i < 20'000'000 && closes < 1000; ++i) {
    if (!gate.close_if_empty()) continue;
    ++closes;
    closed = true;
    if (gate.inside() != 0) broken = true;
    closed = false;
    gate.open(0);
  }
  stop = true;
  for (std::thread& visitor : visitors) visitor.join();
  CHECK(closes == 1000);
  CHECK_FALSE(broken);
}
