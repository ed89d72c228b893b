// The signals of a crash, and the stack on which a thread takes them: a stack overflow leaves no room on its own one.
// Not the handler (components/crash_reporter.h does that), and of no use without one.
// Whoever starts a thread keeps these signals unblocked, because the kernel ends a process at once, without its
// handler, when a thread that blocks such a signal commits the fault.
#pragma once

#include <signal.h>

#include <array>
#include <cstddef>

namespace dormouse {

inline constexpr std::array<int, 5> kCrashSignals{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

// "SIGSEGV"; "signal" for others. Async-signal-safe.
const char* crash_signal_name(int signal);

// All signals but those of a crash: what a thread of the host blocks.
sigset_t all_but_crash_signals();

// An alternate signal stack for the thread that makes it, until destroyed on the same thread. A thread that has one
// already keeps it (those of the sanitizers are theirs). Without memory there is none, and a stack overflow ends the
// process without a report.
class SignalStack {
 public:
  static constexpr size_t kBytes = size_t{64} << 10;  // the report needs 12 KiB, the unwinder up to 20 KiB
  SignalStack();
  ~SignalStack();
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;

 private:
  void* mapping_ = nullptr;  // a guard page, then the stack
};

}  // namespace dormouse
