// Names the plugin call in which this process crashes, before the process ends as it would have: by the same signal,
// with its core dump. Also names the plugin that ends the host by exit().
// Not a debugger and no protection: after a fault nothing of the process is trusted any longer. No report is made for
// what cannot be caught: SIGKILL, _exit(), and a crash on a thread whose stack overflows and which the host did not
// start.
//
// A record (crash_store.h) is written first, by the handler alone, which calls async-signal-safe functions only and
// has what it needs open and allocated. Then the log gets its last line, on a thread of the reporter's own: the handler
// waits for that thread, at most kLastWordsTime, and writes the line itself when that time has passed.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/status.h"

namespace dormouse {

class CrashReporter {
 public:
  static constexpr auto kLastWordsTime = std::chrono::seconds(1);
  static constexpr auto kReportTime = std::chrono::seconds(5);  // then SIGALRM ends the process

  struct Options {
    std::string folder;   // of records; "": no record is kept. Made by CrashStore::open before
    std::string version;  // of the host
    // Writes what the log still holds, and after that this line; returns when all of it is written. Runs on the
    // reporter's thread while the process is dying, so it may be ended at any time. Empty: standard error gets the
    // line.
    std::function<void(const std::string& line)> last_words;
  };

  // From here on, until destroyed. One at a time in a process, made before the first plugin is mapped: objects that are
  // mapped now count as the host's. Main thread. Errors: file_error's, resource_exhausted (no thread).
  static Result<std::unique_ptr<CrashReporter>> install(Options options);
  ~CrashReporter();
  CrashReporter(const CrashReporter&) = delete;
  CrashReporter& operator=(const CrashReporter&) = delete;

 private:
  struct Impl;
  explicit CrashReporter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dormouse
