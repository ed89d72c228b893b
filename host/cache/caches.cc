#include "cache/caches.h"

#include "base/object_names.h"
#include "base/suggest.h"

namespace dormouse {

Caches::Caches(MakeSpace make_space, uint64_t seed, Metrics& metrics)
    : make_space_(std::move(make_space)), seed_(seed), metrics_(metrics) {}

void Caches::apply(const std::vector<CachePolicy>& policies) {
  std::vector<Cache*> left;
  std::vector<std::pair<Cache*, const CachePolicy*>> applied;
  {
    std::lock_guard lock(mutex_);
    std::map<std::string, InForce> now;
    for (const CachePolicy& policy : policies) {
      std::unique_ptr<Cache>& cache = caches_[{policy.store, policy.name}];
      if (!cache) {
        std::unique_ptr<CacheSpace> values = make_space_(policy.store, policy.name);
        std::unique_ptr<CacheSpace> failures = make_space_(policy.store, policy.name + ".failures");
        if (!values || !failures) continue;  // the scripts were checked; such a cache is found by nobody
        cache =
            std::make_unique<Cache>(policy.name, policy.store, std::move(values), std::move(failures), seed_, metrics_);
      }
      applied.emplace_back(cache.get(), &policy);
      now.emplace(policy.name, InForce{policy, cache.get()});
    }
    for (const auto& [name, old] : in_force_) {
      const auto again = now.find(name);
      if (again == now.end() || again->second.cache != old.cache) left.push_back(old.cache);
    }
    in_force_ = std::move(now);
  }
  // Not under the lock: both may take a while in the component.
  for (const auto& [cache, policy] : applied) cache->set_limits(*policy);
  for (Cache* cache : left) (void)cache->purge(nullptr);
}

Cache* Caches::find(const CachePolicy& policy) const {
  std::lock_guard lock(mutex_);
  const auto found = caches_.find({policy.store, policy.name});
  return found == caches_.end() ? nullptr : found->second.get();
}

std::vector<CacheStatus> Caches::status() const {
  std::vector<InForce> all;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [name, one] : in_force_) all.push_back(one);
  }
  std::vector<CacheStatus> status;
  status.reserve(all.size());
  for (const InForce& one : all) status.push_back({one.policy, one.cache->numbers()});
  return status;
}

Result<Caches::InForce> Caches::in_force(const std::string& name) const {
  std::lock_guard lock(mutex_);
  const auto found = in_force_.find(name);
  if (found != in_force_.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [known, one] : in_force_) names.push_back(known);
  return Error{.code = Code::not_found,
               .message = "there is no such cache",
               .object = named_object("cache", name),
               .needed = "a name declared with dm.cache",
               .remedy = "GET /v1/caches lists them",
               .near = near_names(name, names)};
}

Result<CacheStatus> Caches::status(const std::string& name) const {
  const Result<InForce> found = in_force(name);
  if (!found.ok()) return found.status();
  return CacheStatus{found->policy, found->cache->numbers()};
}

Result<uint64_t> Caches::purge(const std::string& name, const std::string* tag) {
  const Result<InForce> found = in_force(name);
  if (!found.ok()) return found.status();
  return found->cache->purge(tag);
}

Result<std::optional<uint64_t>> Caches::count(const std::string& name, const std::string* tag) const {
  const Result<InForce> found = in_force(name);
  if (!found.ok()) return found.status();
  return found->cache->count(tag);
}

}  // namespace dormouse
