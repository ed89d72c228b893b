// The clock as an argument: idle times, deadlines and back-off ask a Clock or their loop, so they are arithmetic and
// unit tests do not sleep. Not for the date: events, logs and records ask the system for it where they are made. Nor
// for what waits in the kernel: time limits of sockets, and the quiet time of watched folders.
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
