// What `dormouse` tells the shell. Documented in --help, README.md and docs/operating.md; numbers never change their
// meaning.
#pragma once

#include <string_view>

namespace dormouse {

enum class ExitCode : int {
  ok = 0,
  failed = 1,        // tried and failed: a request, a training, a verb; or the verdict is no
  usage = 2,         // the command line was not understood
  config = 3,        // the configuration, a script or a plugin file has errors
  cannot_start = 4,  // a port, the state folder or a permission is not to be had
  unreachable = 5,   // no host answers at the control address
  refused = 6,       // refused now and nothing changed; may work later
  not_allowed = 7,   // no token, or its role is too small
  goes_on = 8,       // not finished within --wait
};

// Of a host's refusal, by the `code` of its problem. `has_faults`: it lists faults of scripts or of the configuration.
ExitCode exit_code_of(std::string_view code, bool has_faults);

}  // namespace dormouse
