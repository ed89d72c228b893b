// The pool policy of each component, as the scripts last said. Any thread.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "components/idle_policy.h"

namespace dormouse {

// One entry of `dm.pool`: a component's name, or "*" for those without one of their own.
struct NamedPoolPolicy {
  std::string name;
  PoolPolicy policy;
};

class PoolPolicies {
 public:
  PoolPolicies() = default;
  explicit PoolPolicies(const std::vector<NamedPoolPolicy>& policies) { set(policies); }

  // Replaces all. Of two entries with one name the later one counts.
  void set(const std::vector<NamedPoolPolicy>& policies);
  PoolPolicy of(const std::string& component) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, PoolPolicy> policies_;
};

}  // namespace dormouse
