// What `dormouse` tells the shell. Documented in --help and README.md; numbers never change their meaning.
#pragma once

namespace dormouse {

enum class ExitCode : int {
  ok = 0,
  failed = 1,        // the operation was tried and failed: a request, a training, a verb
  usage = 2,         // the command line was not understood
  config = 3,        // the configuration, a script or a plugin file has errors
  cannot_start = 4,  // a port, the state folder or a permission is not to be had
  unreachable = 5,   // no host answers at the control address
};

}  // namespace dormouse
