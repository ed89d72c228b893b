// The watch itself: what leaks on purpose must be seen, or the other tests of this folder could not fail.
#include <fcntl.h>
#include <sys/mman.h>
#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>
#include <thread>

#include "base/unique_fd.h"
#include "lifetime/cycles.h"

namespace dormouse {

// What is left on purpose never settles.
constexpr auto kSettling = std::chrono::milliseconds(200);

TEST_CASE("cycles that leave nothing are found to leave nothing") {
  check_nothing_is_left(run_cycles("nothing", 1'000, [] { std::vector<char>(100'000, 'x'); }));
}

TEST_CASE("a descriptor left by each cycle is seen") {
  std::vector<UniqueFd> left;
  const CycleReport report = run_cycles(
      "descriptors", 100, [&] { left.emplace_back(::open("/dev/null", O_RDONLY)); }, kSettling);
  CHECK(report.after.descriptors == report.before.descriptors + report.cycles);
}

TEST_CASE("a mapping left by each cycle is seen and named") {
  const CycleReport report = run_cycles(
      "mappings", 100,
      [flip = false]() mutable {
        flip = !flip;  // neighbours of equal rights would become one mapping
        REQUIRE(::mmap(nullptr, 4096, flip ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
      },
      kSettling);
  // As many as were left, but for gaps that some of them may have filled.
  CHECK(report.after.mappings >= report.before.mappings + report.cycles / 2);
  CHECK_FALSE(report.new_mappings.empty());
}

TEST_CASE("a thread left by each cycle is seen") {
  std::atomic<bool> end{false};
  std::vector<std::thread> left;
  const CycleReport report = run_cycles(
      "threads", 40, [&] { left.emplace_back([&end] { end.wait(false); }); }, kSettling);
  CHECK(report.after.threads == report.before.threads + report.cycles);
  end = true;
  end.notify_all();
  for (std::thread& thread : left) thread.join();
}

TEST_CASE("a leak of 256 bytes a cycle is seen as growth and as slope") {
  if (kSanitized) return;  // too few cycles, and memory is not judged
  std::vector<std::unique_ptr<char[]>> left;
  left.reserve(20'000);
  const CycleReport report = run_cycles("memory", 10'000, [&] {
    left.push_back(std::make_unique<char[]>(256));
    std::memset(left.back().get(), 1, 256);
  });
  CHECK(report.resident_growth > kResidentGrowthMax);
  CHECK(report.resident_slope > kResidentSlopeMax);
}

}  // namespace dormouse
