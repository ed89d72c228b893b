// The debug log: spdlog to standard error, one line per event, and the event log written into it.
// Main thread starts it; writing works from any thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/events.h"

namespace dormouse {

// "debug", "info", "warn" or "error".
void start_logging(const std::string& level);

// Writes what was published after number `after`; returns the last number written.
uint64_t log_events(const EventLog& events, uint64_t after);

// The last line of a process that crashes. Returns when it is written, and with it all before it, or when `time` has
// passed.
void log_last_line(const std::string& line, Duration time);

}  // namespace dormouse
