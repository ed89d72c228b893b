// The signals of a running host as a descriptor: SIGTERM and SIGINT stop it, SIGHUP reloads its scripts.
// Made before any other thread exists, so that none of them ever takes one. Main thread only.
#pragma once

#include <signal.h>

#include <optional>

#include "base/unique_fd.h"

namespace dormouse {

// From here on SIGHUP does not end this process, also while it starts.
void survive_hangups();

class RunSignals {
 public:
  RunSignals();
  // Readable when there is one.
  int fd() const { return fd_.get(); }
  // SIGTERM, SIGINT or SIGHUP; nothing when there is none.
  std::optional<int> take();
  // The next SIGTERM or SIGINT ends the process at once: for people who pressed Ctrl-C twice.
  void let_the_next_one_kill();

 private:
  UniqueFd fd_;
};

// "SIGTERM".
const char* name_of_signal(int signal);

}  // namespace dormouse
