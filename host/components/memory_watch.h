// Watches the memory of the process: a sample every few seconds and after each load and unload, kept in a history; a
// warning when most of what it may have is used, and a word when that is over. Off the request path: a timer on the
// loop it is given. It takes no lease and resets no idle clock.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/events.h"
#include "base/metrics.h"
#include "components/memory_history.h"
#include "exec/event_loop.h"

namespace dormouse {

struct MemoryOptions {
  uint64_t limit_bytes = 0;  // 0: memory_limit()
  double warn_at = 0.8;      // share of the limit above which resident memory is told as an event
  Duration sample_every = std::chrono::seconds(5);
  unsigned samples_kept = 720;  // an hour of samples
};

// Whether resident memory is above the line, told once per crossing. Pure.
class MemoryAlarm {
 public:
  enum class Said : uint8_t { nothing, warning, relieved };

  MemoryAlarm(uint64_t limit_bytes, double warn_at) : limit_(limit_bytes), warn_at_(warn_at) {}

  // Relief comes kGap below the line, so that memory that moves about it does not ring every time.
  Said judge(uint64_t resident_bytes);
  bool is_on() const { return on_; }
  static constexpr double kGap = 0.05;  // of the limit

 private:
  const uint64_t limit_;
  const double warn_at_;
  bool on_ = false;
};

// The outside world of a watch.
struct MemorySources {
  std::function<MemoryReading()> process;
  std::function<std::vector<ComponentStatus>()> components;
  std::function<std::chrono::system_clock::time_point()> wall_clock;
};

class MemoryWatch {
 public:
  // Samples on `loop`, the first time at once. All references outlive the watch.
  MemoryWatch(const MemoryOptions& options, MemorySources sources, EventLoop& loop, EventLog& events, Metrics& metrics);
  // Waits for a sample that is being taken; none is after it. Any thread.
  ~MemoryWatch();
  MemoryWatch(const MemoryWatch&) = delete;

  // Any thread.
  const MemoryOptions& options() const;  // with the limit filled in
  bool is_warning() const;
  const MemoryHistory& history() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with timers on their way
  Metrics::Registration collector_;
};

}  // namespace dormouse
