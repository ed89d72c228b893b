// The caches of a host by name: which there are is what the serving scripts say.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cache/cache.h"

namespace dormouse {

// One cache as operators see it.
struct CacheStatus {
  CachePolicy policy;
  Cache::Numbers numbers;
};

class Caches {
 public:
  // A space of that name in a component; null when there is no such component.
  using MakeSpace = std::function<std::unique_ptr<CacheSpace>(const std::string& store, const std::string& space)>;
  Caches(MakeSpace make_space, uint64_t seed, Metrics& metrics);

  // These policies are in force from now on. Caches that are in none of them are emptied. One at a time.
  void apply(const std::vector<CachePolicy>& policies);

  // The cache of a policy that was applied; lives as long as this object, also when scripts name it no longer. Any
  // thread.
  Cache* find(const CachePolicy& policy) const;

  // Any thread; in order of name.
  std::vector<CacheStatus> status() const;
  // Errors: not_found, with near names.
  Result<CacheStatus> status(const std::string& name) const;
  Result<uint64_t> purge(const std::string& name, const std::string* tag);
  // What a purge would forget; nullopt: the store does not count the entries of a tag.
  Result<std::optional<uint64_t>> count(const std::string& name, const std::string* tag) const;

 private:
  struct InForce {
    CachePolicy policy;
    Cache* cache;
  };
  Result<InForce> in_force(const std::string& name) const;

  const MakeSpace make_space_;
  const uint64_t seed_;
  Metrics& metrics_;
  mutable std::mutex mutex_;  // over both maps; never held while a cache is used
  std::map<std::pair<std::string, std::string>, std::unique_ptr<Cache>> caches_;  // by store and name
  std::map<std::string, InForce> in_force_;                                       // by name
};

}  // namespace dormouse
