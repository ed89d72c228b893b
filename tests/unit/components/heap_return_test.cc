#include "components/heap_return.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "components/memory.h"
#include "support/manual_loop.h"

using namespace dormouse;
using namespace std::chrono_literals;

namespace {

struct Fixture {
  ManualClock clock;
  ManualLoop loop{clock};
  std::unique_ptr<Lane> lane = std::move(*Lane::create("loader", {.threads_max = 1, .pending_max = 4}));
  HeapReturn heap{loop, *lane};

  // Runs what is due, and waits for the lane to have done it.
  void pass(Duration time) {
    loop.advance(time);
    bool done = false;
    REQUIRE(lane->submit([&](unsigned) { loop.post([&] { done = true; }); }, Lane::Priority::low).ok());
    REQUIRE(loop.run_until([&] { return done; }));
  }
};

}  // namespace

TEST_CASE("what is asked for within the delay is one trim") {
  Fixture f;
  for (int i = 0; i < 100; ++i) f.heap.soon();
  f.loop.run_ready();
  CHECK(f.loop.timers() == 1);
  CHECK(f.heap.is_due());
  f.pass(HeapReturn::kDelay);
  CHECK_FALSE(f.heap.is_due());
  f.heap.soon();
  f.loop.run_ready();
  CHECK(f.loop.timers() == 1);
}

TEST_CASE("a lane that takes no more does not end the asking") {
  Fixture f;
  f.heap.soon();
  f.lane->join();
  f.loop.advance(HeapReturn::kDelay);
  CHECK_FALSE(f.heap.is_due());
}

// The sanitizers have heaps of their own.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
namespace {

// Small blocks below one that stays, so that the heap cannot just become shorter.
void make_holes(size_t bytes) {
  constexpr size_t kBlock = 2000;
  std::vector<void*> blocks(bytes / kBlock);
  for (void*& block : blocks) block = std::memset(std::malloc(kBlock), 1, kBlock);
  [[maybe_unused]] static void* const stays = std::malloc(kBlock);
  for (void* block : blocks) std::free(block);
}

}  // namespace

TEST_CASE("freed heap goes back to the system soon after it was asked for") {
  constexpr size_t kBytes = size_t{64} << 20;
  Fixture f;
  make_holes(kBytes);
  const uint64_t before = read_memory().resident_bytes;
  f.heap.soon();
  f.pass(HeapReturn::kDelay - 1ms);
  CHECK(f.heap.is_due());
  f.pass(1ms);
  CHECK(read_memory().resident_bytes + kBytes / 2 < before);
}
#endif
