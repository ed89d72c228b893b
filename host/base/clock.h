// The clock as an argument: nothing in the host asks the system for the time on its own, so idle timeouts are
// arithmetic and tests do not sleep.
#pragma once

#include <chrono>

namespace dormouse {

// Monotonic; the epoch is CLOCK_MONOTONIC's, so it goes into dm_call::deadline_ns unchanged.
using Time = std::chrono::steady_clock::time_point;
using Duration = std::chrono::nanoseconds;

class Clock {
 public:
  virtual ~Clock() = default;
  // Any thread.
  virtual Time now() const = 0;
  // Good to a few milliseconds and several times cheaper: for idle clocks on the hot path.
  virtual Time now_coarse() const { return now(); }
};

class SystemClock final : public Clock {
 public:
  Time now() const override { return std::chrono::steady_clock::now(); }
  Time now_coarse() const override;
};

}  // namespace dormouse
