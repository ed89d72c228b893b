#include "base/clock.h"

#include <time.h>

namespace dormouse {

Time SystemClock::now_coarse() const {
  // The kernel advances this clock at its tick (1-4 ms); reading it is two loads. Same epoch as steady_clock.
  timespec ts;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
  return Time(std::chrono::seconds(ts.tv_sec) + std::chrono::nanoseconds(ts.tv_nsec));
}

}  // namespace dormouse
