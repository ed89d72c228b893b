#include "exec/timer_queue.h"

#include <catch2/catch.hpp>
#include <map>
#include <random>

namespace dormouse {
namespace {

Time at(int64_t ns) {
  return Time(Duration(ns));
}

std::vector<int> run_all(TimerQueue& timers, const std::vector<int>& ran) {
  while (!timers.empty()) timers.take()();
  return ran;
}

TEST_CASE("timers are taken in order of time and equals in order of adding") {
  TimerQueue timers;
  std::vector<int> ran;
  for (const auto& [time, n] : {std::pair{30, 1}, {10, 2}, {20, 3}, {10, 4}, {30, 5}, {10, 6}}) {
    timers.add(at(time), [&ran, n = n] { ran.push_back(n); });
  }
  CHECK(timers.next() == at(10));
  run_all(timers, ran);
  CHECK(ran == std::vector<int>{2, 4, 6, 3, 1, 5});
}

TEST_CASE("a cancelled timer is gone and its task destroyed") {
  TimerQueue timers;
  auto owned = std::make_shared<int>();
  const TimerQueue::Id id = timers.add(at(1), [owned] {});
  CHECK(id != 0);
  CHECK(owned.use_count() == 2);
  CHECK(timers.cancel(id));
  CHECK(owned.use_count() == 1);
  CHECK(timers.empty());
  CHECK_FALSE(timers.cancel(id));
}

TEST_CASE("an id is no timer once it was taken or when its entry is used again") {
  TimerQueue timers;
  const TimerQueue::Id first = timers.add(at(1), [] {});
  timers.take();
  CHECK_FALSE(timers.cancel(first));
  const TimerQueue::Id second = timers.add(at(1), [] {});
  CHECK(first != second);
  CHECK_FALSE(timers.cancel(first));
  CHECK(timers.size() == 1);
  CHECK_FALSE(timers.cancel(0));
  CHECK_FALSE(timers.cancel(~TimerQueue::Id{0}));
}

TEST_CASE("a task that is destroyed by cancel may use the queue") {
  struct Comeback {
    TimerQueue* timers;
    TimerQueue::Id* other;
    explicit Comeback(TimerQueue& t, TimerQueue::Id& o) : timers(&t), other(&o) {}
    Comeback(Comeback&& from) noexcept : timers(std::exchange(from.timers, nullptr)), other(from.other) {}
    ~Comeback() {
      if (!timers) return;
      CHECK(timers->cancel(*other));
      timers->add(at(7), [] {});
    }
    void operator()() {}
  };
  TimerQueue timers;
  TimerQueue::Id other = timers.add(at(1), [] {});
  const TimerQueue::Id id = timers.add(at(2), Comeback(timers, other));
  CHECK(timers.cancel(id));
  REQUIRE(timers.size() == 1);
  CHECK(timers.next() == at(7));
}

TEST_CASE("random adding and cancelling and taking agrees with a sorted map") {
  TimerQueue timers;
  std::map<std::pair<Time, int>, TimerQueue::Id> model;
  std::mt19937 random(7);
  int taken = -1;
  for (int step = 0; step < 20'000; ++step) {
    const unsigned choice = random() % 10;
    if (choice < 5) {
      const Time time = at(random() % 500);
      model[{time, step}] = timers.add(time, [&taken, step] { taken = step; });
    } else if (choice < 8 && !model.empty()) {
      const auto victim = std::next(model.begin(), random() % model.size());
      REQUIRE(timers.cancel(victim->second));
      model.erase(victim);
    } else if (!model.empty()) {
      REQUIRE(timers.next() == model.begin()->first.first);
      timers.take()();
      REQUIRE(taken == model.begin()->first.second);
      model.erase(model.begin());
    }
    REQUIRE(timers.size() == model.size());
  }
}

}  // namespace
}  // namespace dormouse
