// Progress of long work on standard error: a bar on a terminal, now and then a line otherwise, with the time left.
// Any thread, one at a time; the clock is an argument.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"

namespace dormouse {

class ProgressText {
 public:
  ProgressText(bool terminal, Time started) : terminal_(terminal), started_(started), last_(started) {}

  // What to print now; empty when it is too early for more. `total` 0: unknown.
  std::string update(double done, double total, std::string_view what, Time now);
  // Ends the bar's line.
  std::string finish();

 private:
  std::string time_left(double share, std::string_view before, Time now, std::string_view behind) const;
  std::string bar(double share, std::string_view what, Time now) const;

  const bool terminal_;
  const Time started_;
  Time last_;
  bool shown_ = false;
  std::string last_what_;
};

}  // namespace dormouse
