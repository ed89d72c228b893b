#include "base/task.h"

#include <array>
#include <catch2/catch.hpp>
#include <memory>
#include <string>

namespace dormouse {
namespace {

// Counts the objects that own it: moved-from ones do not.
struct Owner {
  explicit Owner(int& alive) : alive(&alive) { ++alive; }
  Owner(Owner&& other) noexcept : alive(std::exchange(other.alive, nullptr)) {}
  ~Owner() {
    if (alive) --*alive;
  }
  int* alive;
};

struct Small {
  Owner owner;
  int* calls;
  void operator()() { ++*calls; }
};
struct Large : Small {
  std::array<char, 100> padding{};
};
// Small enough, but its move may throw: it must live on the heap, because a queue moves tasks and cannot recover.
struct ThrowingMove {
  ThrowingMove(int& alive, int& calls) : owner(std::make_unique<Owner>(alive)), calls(&calls) {}
  ThrowingMove(ThrowingMove&& other) noexcept(false) : owner(std::move(other.owner)), calls(other.calls) {}
  std::unique_ptr<Owner> owner;
  int* calls;
  void operator()() { ++*calls; }
};

void moves_and_destroys_once(Task task, int& alive, int& calls) {
  REQUIRE(alive == 1);
  Task moved = std::move(task);
  CHECK_FALSE(task);
  CHECK(alive == 1);
  moved();
  moved();
  CHECK(calls == 2);

  int other_alive = 0;
  Task assigned = [owner = Owner(other_alive)] {};
  assigned = std::move(moved);
  CHECK(other_alive == 0);
  CHECK(alive == 1);
  Task& itself = assigned;
  assigned = std::move(itself);
  REQUIRE(assigned);
  CHECK(alive == 1);
  assigned = {};
  CHECK(alive == 0);
  CHECK_FALSE(assigned);
}

TEST_CASE("a small callable moves and is destroyed exactly once") {
  int alive = 0, calls = 0;
  moves_and_destroys_once(Small{Owner(alive), &calls}, alive, calls);
}

TEST_CASE("a large callable moves and is destroyed exactly once") {
  int alive = 0, calls = 0;
  moves_and_destroys_once(Large{{Owner(alive), &calls}}, alive, calls);
}

TEST_CASE("a callable whose move may throw moves and is destroyed exactly once") {
  int alive = 0, calls = 0;
  moves_and_destroys_once(ThrowingMove(alive, calls), alive, calls);
}

TEST_CASE("an over-aligned callable stays aligned") {
  struct alignas(64) Aligned {
    bool operator()() { return reinterpret_cast<uintptr_t>(this) % 64 == 0; }
  };
  UniqueFunction<bool()> function = Aligned();
  UniqueFunction<bool()> moved = std::move(function);
  CHECK(moved());
}

TEST_CASE("a task is destroyed unrun when its owner goes") {
  int alive = 0;
  {
    Task task = [owner = Owner(alive)] {};
    CHECK(alive == 1);
  }
  CHECK(alive == 0);
}

TEST_CASE("an empty task is false and assigning nothing empties it") {
  Task task;
  CHECK_FALSE(task);
  task = [] {};
  CHECK(task);
  task = {};
  CHECK_FALSE(task);
}

TEST_CASE("arguments are passed by move and by reference") {
  UniqueFunction<int(std::unique_ptr<int>, std::string&)> f = [](std::unique_ptr<int> n, std::string& out) {
    out = "seen";
    return *n;
  };
  std::string out;
  CHECK(f(std::make_unique<int>(3), out) == 3);
  CHECK(out == "seen");
}

TEST_CASE("a void signature drops what the callable returns") {
  int calls = 0;
  Task task = [&] { return ++calls; };
  task();
  CHECK(calls == 1);
}

TEST_CASE("a task may empty its own holder while it runs") {
  // Loops move a task out before they call it; this is the same, written down.
  int alive = 0;
  Task holder = [owner = Owner(alive)] {};
  Task running = std::move(holder);
  holder = [] {};
  running();
  CHECK(alive == 1);
}

}  // namespace
}  // namespace dormouse
