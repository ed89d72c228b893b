// Reports the plugin call in which this process crashes. The process still ends by the same signal, with its core dump.
// Also reports the plugin that ends the host by exit().
// It is no debugger and protects nothing: after a fault no part of the process is trusted. It cannot report SIGKILL,
// _exit(), or a stack overflow on a thread that the host did not start.
//
// First the signal handler writes a record (crash_store.h), alone, with async-signal-safe functions only; the files and
// memory that it needs are open and allocated before. Then a thread of the reporter writes the last line of the log.
// The handler waits for that thread at most kLastWordsTime, and writes the line itself when that time has passed.
// Owner: the program's main function.
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
    std::string folder;   // of records, made by CrashStore::open before; "": no record is kept
    std::string version;  // of the host
    // Writes the buffered part of the log, then `line`; returns when both are written. Runs on the reporter's thread
    // while the process is dying, so it may be cut off at any time. Empty: standard error gets the line.
    std::function<void(const std::string& line)> last_words;
  };

  // Reports crashes from now on, until it is destroyed. One at a time in a process. Call it before the first plugin is
  // mapped: objects that are mapped at that time count as the host's. Main thread. Errors: those of file_error();
  // resource_exhausted (no thread).
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
