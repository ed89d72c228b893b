// Watches the memory of the process: takes a sample every few seconds and after each load and unload, keeps a history,
// and publishes an event when most of the limit is used, and another when that is over. It frees no memory. Sampling is
// a timer on the loop that it is given, never a reactor's; it takes no lease and resets no idle clock. Owner: the host.
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
  double warn_at = 0.8;      // share of the limit; resident memory above it causes the event memory.warning
  Duration sample_every = std::chrono::seconds(5);
  unsigned samples_kept = 720;  // an hour of samples
};

// Judges readings of resident memory: reports each crossing of the line (limit * warn_at) once. No clock, no thread.
class MemoryAlarm {
 public:
  enum class Said : uint8_t { nothing, warning, relieved };

  MemoryAlarm(uint64_t limit_bytes, double warn_at) : limit_(limit_bytes), warn_at_(warn_at) {}

  // Judges one reading. `relieved` comes only kGap below the line, so that memory that varies around the line does not
  // cause an event each time.
  Said judge(uint64_t resident_bytes);
  bool is_on() const { return on_; }
  static constexpr double kGap = 0.05;  // of the limit

 private:
  const uint64_t limit_;
  const double warn_at_;
  bool on_ = false;
};

// The functions from which a watch gets its readings.
struct MemorySources {
  std::function<MemoryReading()> process;
  std::function<std::vector<ComponentStatus>()> components;
  std::function<std::chrono::system_clock::time_point()> wall_clock;
};

class MemoryWatch {
 public:
  // Samples on `loop`, the first time at once. All references outlive the watch.
  MemoryWatch(const MemoryOptions& options, MemorySources sources, EventLoop& loop, EventLog& events, Metrics& metrics);
  // Waits for a sample that is under way; none is taken after that. Any thread.
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
