// The caches of a host by name. The policies of the serving scripts say which caches exist.
// Owner: the engine, shared with flights that outlive it. Any thread, unless a function says otherwise.
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
  // Makes the space named `space` in the component `store`; null when there is no such component.
  using MakeSpace = std::function<std::unique_ptr<CacheSpace>(const std::string& store, const std::string& space)>;
  Caches(MakeSpace make_space, uint64_t seed, Metrics& metrics);

  // Puts `policies` in force. Empties the caches that no policy names any more. One call at a time.
  void apply(const std::vector<CachePolicy>& policies);

  // The cache of a policy that was applied. It lives as long as this object, also when no script names it any more.
  Cache* find(const CachePolicy& policy) const;

  // In order of name.
  std::vector<CacheStatus> status() const;
  // Errors: not_found, with near names.
  Result<CacheStatus> status(const std::string& name) const;
  Result<uint64_t> purge(const std::string& name, const std::string* tag);
  // How many entries a purge would remove; nullopt: the store does not count the entries of a tag.
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
