// Crash reports of the commands that run plugin code in this process, and what earlier processes left of theirs.
// Main thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/events.h"
#include "base/metrics.h"
#include "components/crash_reporter.h"
#include "components/crash_store.h"

namespace dormouse {

// The records of a state folder that this process owns.
Result<CrashStore> open_crashes(const std::string& state_dir);

// Reports crashes of this process from here on. `crashes` null: the folder belongs to another process, and no record is
// kept. Without `last_words` standard error gets the line.
Result<std::unique_ptr<CrashReporter>> report_crashes(const CrashStore* crashes,
                                                      std::function<void(const std::string& line)> last_words = {});

// What crashed in earlier processes: told once as an event, counted for as long as its record is kept.
void announce_crashes(CrashStore& crashes, EventLog& events, Metrics& metrics);

}  // namespace dormouse
