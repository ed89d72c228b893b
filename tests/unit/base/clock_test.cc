#include "base/clock.h"

#include <time.h>

#include <catch2/catch.hpp>

namespace dormouse {
namespace {

using std::chrono::milliseconds;

Time monotonic() {
  timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return Time(std::chrono::seconds(ts.tv_sec) + Duration(ts.tv_nsec));
}

TEST_CASE("system clock has the epoch of CLOCK_MONOTONIC") {
  const Time before = monotonic();
  const Time now = SystemClock().now();
  CHECK(before <= now);
  CHECK(now <= monotonic());
}

TEST_CASE("coarse time is never ahead of the exact time and close behind it") {
  SystemClock clock;
  const Time before = clock.now();
  const Time coarse = clock.now_coarse();
  CHECK(coarse <= clock.now());
  CHECK(coarse > before - milliseconds(20));
}

}  // namespace
}  // namespace dormouse
