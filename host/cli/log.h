// The log of a process: one line for each thing that happened, as text or as JSON, on standard error.
//
// A line is written by the thread that has it, before it goes on: what was logged before a crash is in the file, a
// plugin's last words included. Nothing waits for a reader. A pipe or terminal that has no room makes the line be
// dropped, and of one message only so many lines are taken in a second; both are counted (LineLimit).
// Main thread starts it; writing works from any thread.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/events.h"
#include "base/log.h"
#include "cli/line_limit.h"

namespace dormouse {

enum class LogFormat : uint8_t { text, json };

// One line with its end, at most kLogLineBytesMax bytes of text; a longer one is cut and says so.
// text: "2026-01-31T12:00:00.123Z warn component.failed nlu.intent cause=request", which sorts and greps.
// json: {"at":"...","level":"warn","kind":"component.failed","object":"nlu.intent","cause":"request"}.
std::string format_line(const LogLine& line, LogFormat format, std::chrono::system_clock::time_point at);
inline constexpr size_t kLogLineBytesMax = 4096;  // what a pipe takes as a whole (PIPE_BUF)

class HostLog final : public LogSink {
 public:
  // Writes to `descriptor`, which stays the caller's.
  HostLog(const LogOptions& options, int descriptor, const Clock& clock);

  bool wants(LogLevel level) const override { return level >= level_; }
  void write(const LogLine& line) override;

  // Calls `wake` when lines were dropped for the first time since take_dropped, on the thread that logs; it may only
  // hand over. Before the first line of other threads.
  void on_dropped(std::function<void()> wake);
  bool has_dropped() const;
  std::vector<LineLimit::Dropped> take_dropped(Time now);

  static constexpr std::string_view kNotRead = "log not_read";  // the message of lines that nobody read in time

 private:
  const LogLevel level_;
  const LogFormat format_;
  const int descriptor_;
  const Clock& clock_;
  mutable std::mutex mutex_;  // one line after the other
  LineLimit limit_;
  std::function<void()> wake_;
};

// The log of this process on standard error, from now to its end. Once.
HostLog& start_logging(const LogOptions& options);

// Writes what was published after number `after`; returns the last number written.
uint64_t log_events(const EventLog& events, uint64_t after);

}  // namespace dormouse
