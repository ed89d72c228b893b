// Whether a loop has more to do than it gets done, judged by how late it was and not by how much is running.
// Pure: the clock is an argument. Not thread safe: each loop has its own.
//
// One late moment says little: the machine may have taken the processor away. So requests are refused only while the
// loop has been late for some time without a break (a standing queue), and then only those that waited longer than the
// limit: those that came last are served in time. And only where it helps: when a request takes little more of the
// processor than its refusal, refusing would cost the answers and shorten no queue.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"

namespace dormouse {

class LagGate {
 public:
  static constexpr Duration kStanding = std::chrono::milliseconds(200);       // late for so long: a standing queue
  static constexpr Duration kWorthRefusing = std::chrono::microseconds(200);  // of the processor, for one request
  // A refusal takes some 15 us. Assumed is more, so that many refusals never make the few requests look dear.
  static constexpr Duration kRefusalCpu = std::chrono::microseconds(40);

  // A limit of zero refuses nothing.
  explicit LagGate(Duration limit) : limit_(limit) {}

  // A timer of the loop ran `lag` late; its thread has used `cpu` of the processor so far.
  void observe(Time now, Duration lag, Duration cpu) {
    lag_ = std::max(lag, longest_wait_);
    longest_wait_ = Duration::zero();
    if (lag_ <= limit_ / 2) {
      late_since_ = Time::max();
    } else if (late_since_ == Time::max()) {
      late_since_ = now;
    }
    if (served_ > 0) {
      const Duration cost = (cpu - cpu_before_ - kRefusalCpu * refused_) / served_;
      request_cpu_ = (3 * request_cpu_ + std::max(cost, Duration::zero())) / 4;
    }
    cpu_before_ = cpu;
    served_ = 0;
    refused_ = 0;
  }

  // Whether the request that was read at `now`, after waiting so long, is refused. Once for each request.
  bool refuse(Time now, Duration waited) {
    // A timer waits for one round of the loop, a socket for several, so the longest wait counts as lag as well.
    longest_wait_ = std::max(longest_wait_, waited);
    const bool refused = limit_ > Duration::zero() && waited > limit_ && late_since_ != Time::max() &&
                         now - late_since_ >= kStanding && request_cpu_ >= kWorthRefusing;
    ++(refused ? refused_ : served_);
    return refused;
  }

  // Whether it is worth a system call to learn how long a request has waited.
  bool is_late() const { return lag_ > limit_ / 10 && lag_ > std::chrono::milliseconds(2); }
  Duration lag() const { return lag_; }

 private:
  const Duration limit_;
  Duration lag_{};           // as last observed
  Duration longest_wait_{};  // of requests since then
  Time late_since_ = Time::max();
  Duration cpu_before_{};  // at the last look
  int64_t served_ = 0;     // requests since then
  int64_t refused_ = 0;
  Duration request_cpu_{};  // of one that is served, smoothed
};

}  // namespace dormouse
