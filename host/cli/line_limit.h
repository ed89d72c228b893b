// How many lines of one message the log takes in a second, and what it counts beyond that.
// Knows no file and no clock: the time is an argument. Not thread-safe: its owner's lock guards it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"

namespace dormouse {

class LineLimit {
 public:
  // A second's worth of dropped lines of one message.
  struct Dropped {
    std::string message;  // "request.failed assistant"
    LogLevel level;       // the highest among them
    uint64_t lines;
  };

  // 0: no limit.
  explicit LineLimit(unsigned lines_per_second) : lines_per_second_(lines_per_second) {}

  // Whether one more line of `message` may be written now; one that may not is counted.
  bool admit(std::string_view message, LogLevel level, Time now);
  // Counts a line that was lost for another reason, under `reason`.
  void count(std::string_view reason, LogLevel level, Time now);

  // Whether lines were dropped that take() has not given out yet.
  bool pending() const { return pending_; }
  // Those of seconds that have ended by `now`; Time::max() takes all.
  std::vector<Dropped> take(Time now);

  // Messages remembered at once. Beyond it, all others count as one message, called kOthers.
  static constexpr size_t kMessagesMax = 1024;
  static constexpr std::string_view kOthers = "others";
  static constexpr Duration kWindow = std::chrono::seconds(1);

 private:
  struct Window {
    Time began;
    unsigned lines = 0;
    uint64_t dropped = 0;
    LogLevel level = LogLevel::debug;
  };
  Window& window_of(std::string_view message, Time now);
  void drop(Window& window, LogLevel level);
  void end(const std::string& message, const Window& window);

  const unsigned lines_per_second_;
  std::map<std::string, Window, std::less<>> windows_;
  std::vector<Dropped> ended_;  // of windows that were begun anew before take()
  bool pending_ = false;
};

}  // namespace dormouse
