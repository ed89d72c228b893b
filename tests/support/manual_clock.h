// A clock that moves only when told, so that idle timeouts are arithmetic. Any thread may read it and move it.
#pragma once

#include <atomic>
#include <cassert>

#include "base/clock.h"

namespace dormouse {

class ManualClock final : public Clock {
 public:
  // Begins at an ordinary time: code that takes zero for "never" would otherwise pass by luck.
  explicit ManualClock(Time start = Time(std::chrono::hours(1))) : now_(start.time_since_epoch().count()) {}

  Time now() const override { return Time(Duration(now_.load())); }
  void advance(Duration by) {
    assert(by >= Duration::zero());
    now_ += by.count();
  }

 private:
  std::atomic<Duration::rep> now_;
};

}  // namespace dormouse
