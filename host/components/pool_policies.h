// The pool policies in force, by component, from the serving scripts. It stores them; each reader applies them itself.
// Owner: the registry. Any thread.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "components/idle_policy.h"

namespace dormouse {

// One entry of `dm.pool`: for a component's name, or with "*" for all components without an entry.
struct NamedPoolPolicy {
  std::string name;
  PoolPolicy policy;
};

class PoolPolicies {
 public:
  PoolPolicies() = default;
  explicit PoolPolicies(const std::vector<NamedPoolPolicy>& policies) { set(policies); }

  // Replaces all policies. Of two entries with one name the later one counts.
  void set(const std::vector<NamedPoolPolicy>& policies);
  PoolPolicy of(const std::string& component) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, PoolPolicy> policies_;
};

}  // namespace dormouse
