#include "cli/run_signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

namespace dormouse {
namespace {

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

}  // namespace

void survive_hangups() {
  ::signal(SIGHUP, SIG_IGN);
}

RunSignals::RunSignals() {
  sigset_t signals = stop_signals();
  sigaddset(&signals, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  // An ignored signal is dropped, also when it is blocked. Blocked, the default never happens.
  ::signal(SIGHUP, SIG_DFL);
  fd_.reset(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  ::signal(SIGPIPE, SIG_IGN);
}

std::optional<int> RunSignals::take() {
  signalfd_siginfo taken;
  if (::read(fd_.get(), &taken, sizeof taken) != static_cast<ssize_t>(sizeof taken)) return std::nullopt;
  return static_cast<int>(taken.ssi_signo);
}

void RunSignals::let_the_next_one_kill() {
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

const char* name_of_signal(int signal) {
  switch (signal) {
    case SIGTERM:
      return "SIGTERM";
    case SIGINT:
      return "SIGINT";
    case SIGHUP:
      return "SIGHUP";
    default:
      return "signal";
  }
}

}  // namespace dormouse
