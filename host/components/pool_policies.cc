#include "components/pool_policies.h"

namespace dormouse {

void PoolPolicies::set(const std::vector<NamedPoolPolicy>& policies) {
  std::map<std::string, PoolPolicy> by_name;
  for (const NamedPoolPolicy& named : policies) by_name[named.name] = named.policy;
  const std::lock_guard lock(mutex_);
  policies_.swap(by_name);
}

PoolPolicy PoolPolicies::of(const std::string& component) const {
  const std::lock_guard lock(mutex_);
  auto found = policies_.find(component);
  if (found == policies_.end()) found = policies_.find("*");
  return found == policies_.end() ? PoolPolicy{} : found->second;
}

}  // namespace dormouse
