// Which host `dormouse ctl` asks. The first of these that is given is asked, and no other: --url, --state-dir,
// --config, $DORMOUSE_URL, $DORMOUSE_CONFIG, ./dormouse.yaml, the default state folder. Main thread only; reads files.
#pragma once

#include <string>

#include "cli/control_client.h"
#include "config/config.h"

namespace dormouse {

struct CtlTarget {
  std::string url, state_dir, config;  // as given; empty when not
};

// Errors: invalid_argument (a url that is none), not_found (a configuration that cannot be read), unavailable (no host
// runs on the state folder that was named).
Result<ControlEndpoint> find_endpoint(const CtlTarget& target, const Environment& environment);

}  // namespace dormouse
