// The effects of new pool policies on a component that is loaded: which keys act at once, and which wait for the next
// load. It lists them and applies none (Loaded::follow does). Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "components/idle_policy.h"

namespace dormouse {

struct PoolChange {
  std::string component;
  std::string key;       // of dm.pool: "max_instances", "idle.trim"
  std::string from, to;  // the old and the new value: "2", "30s", "never"
  bool at_once = false;  // false: with the component's next load
};

// `before`: the policy in force until now. `loaded`: the policy of the current load. `after`: the new policy. A key
// that waits for the next load is listed as long as its value differs from the one in `loaded`.
std::vector<PoolChange> pool_changes(const std::string& component, const PoolPolicy& before, const PoolPolicy& loaded,
                                     const PoolPolicy& after);

}  // namespace dormouse
