#include "base/crash_signals.h"

#include <sys/mman.h>

namespace dormouse {
namespace {

constexpr size_t kGuardBytes = size_t{64} << 10;  // the largest page of the machines we know

}  // namespace

const char* crash_signal_name(int signal) {
  switch (signal) {
    case SIGSEGV:
      return "SIGSEGV";
    case SIGBUS:
      return "SIGBUS";
    case SIGFPE:
      return "SIGFPE";
    case SIGILL:
      return "SIGILL";
    case SIGABRT:
      return "SIGABRT";
    default:
      return "signal";
  }
}

sigset_t all_but_crash_signals() {
  sigset_t signals;
  sigfillset(&signals);
  for (const int signal : kCrashSignals) sigdelset(&signals, signal);
  return signals;
}

SignalStack::SignalStack() {
  stack_t present{};
  if (::sigaltstack(nullptr, &present) != 0 || !(present.ss_flags & SS_DISABLE)) return;
  void* mapping = ::mmap(nullptr, kGuardBytes + kBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) return;
  stack_t stack{};
  stack.ss_sp = static_cast<char*>(mapping) + kGuardBytes;
  stack.ss_size = kBytes;
  if (::mprotect(stack.ss_sp, kBytes, PROT_READ | PROT_WRITE) != 0 || ::sigaltstack(&stack, nullptr) != 0) {
    ::munmap(mapping, kGuardBytes + kBytes);
    return;
  }
  mapping_ = mapping;
}

SignalStack::~SignalStack() {
  if (!mapping_) return;
  stack_t none{};
  none.ss_flags = SS_DISABLE;
  ::sigaltstack(&none, nullptr);
  ::munmap(mapping_, kGuardBytes + kBytes);
}

}  // namespace dormouse
