// Whether a loop has more to do than it gets done, judged by how late it was and not by how much is running.
// Pure: the clock is an argument. Not thread safe: each loop has its own.
//
// One late moment says little: the machine may have taken the processor away. So requests are refused only while the
// loop has been late for some time without a break (a standing queue), and then only those that waited longer than the
// limit. What is refused costs little, so the requests that came last are served in time.
#pragma once

#include <algorithm>

#include "base/clock.h"

namespace dormouse {

class LagGate {
 public:
  static constexpr Duration kStanding = std::chrono::milliseconds(200);  // late for so long: a standing queue

  // A limit of zero refuses nothing.
  explicit LagGate(Duration limit) : limit_(limit) {}

  // A timer of the loop ran `lag` late.
  void observe(Time now, Duration lag) {
    lag_ = std::max(lag, longest_wait_);
    longest_wait_ = Duration::zero();
    if (lag_ <= limit_ / 2) {
      late_since_ = Time::max();
    } else if (late_since_ == Time::max()) {
      late_since_ = now;
    }
  }

  // A request was read that had waited so long. A timer waits for one round of the loop, a socket for several, so the
  // longest wait since the last timer counts as well.
  void request_waited(Duration waited) { longest_wait_ = std::max(longest_wait_, waited); }

  bool refuses(Time now, Duration waited) const {
    return limit_ > Duration::zero() && waited > limit_ && late_since_ != Time::max() && now - late_since_ >= kStanding;
  }

  // Whether it is worth a system call to learn how long a request has waited.
  bool is_late() const { return lag_ > limit_ / 10 && lag_ > std::chrono::milliseconds(2); }
  Duration lag() const { return lag_; }

 private:
  const Duration limit_;
  Duration lag_{};           // as last observed
  Duration longest_wait_{};  // of requests since then
  Time late_since_ = Time::max();
};

}  // namespace dormouse
