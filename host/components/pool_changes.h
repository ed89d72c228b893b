// What other pool policies change for a component that is in memory: which keys act at once, and which wait for its
// next load. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "components/idle_policy.h"

namespace dormouse {

struct PoolChange {
  std::string component;
  std::string key;       // of dm.pool: "max_instances", "idle.trim"
  std::string from, to;  // in force until now, and from then on: "2", "30s", "never"
  bool at_once = false;  // false: with the component's next load
};

// `before` was in force, `loaded` is what the load was made with, `after` is in force now. A key that waits is listed
// for as long as it differs from what was loaded.
std::vector<PoolChange> pool_changes(const std::string& component, const PoolPolicy& before, const PoolPolicy& loaded,
                                     const PoolPolicy& after);

}  // namespace dormouse
