// The back-off after a failed load: no automatic load for 1 s, doubled with each failure in a row, 60 s at most. A
// changed file ends the back-off. It starts no load and has no timer.
// Owner: a ComponentLife or a Replacement. Registry's loop thread only.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "base/clock.h"

namespace dormouse {

class LoadBackoff {
 public:
  static constexpr Duration kFirst = std::chrono::seconds(1);
  static constexpr Duration kMax = std::chrono::seconds(60);
  static constexpr Duration kFileLookEvery = std::chrono::milliseconds(100);

  unsigned failures() const { return failures_; }
  Time retry_at() const { return retry_at_; }

  // `identity`: of the files that the load read.
  void failed(Time now, std::string identity) {
    ++failures_;
    Duration wait = kFirst;
    for (unsigned i = 1; i < failures_ && wait < kMax; ++i) wait *= 2;
    retry_at_ = now + std::min(wait, kMax);
    identity_ = std::move(identity);
    looked_at_ = now;
  }
  void succeeded() { failures_ = 0; }
  // Ends the back-off: an operator has asked for it.
  void forget() { retry_at_ = {}; }

  // Whether the back-off forbids a load now. `look` returns the identity of the files on disk; it is called at most
  // once in kFileLookEvery.
  template <class Look>
  bool holds(Time now, Look look) {
    if (failures_ == 0 || now >= retry_at_) return false;
    if (now < looked_at_ + kFileLookEvery) return true;
    looked_at_ = now;
    return look() == identity_;
  }

 private:
  unsigned failures_ = 0;
  Time retry_at_{};
  Time looked_at_{};
  std::string identity_;
};

}  // namespace dormouse
