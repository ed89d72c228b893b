#include "graph/check_policies.h"

#include <algorithm>
#include <map>

#include "base/units.h"
#include "dormouse/ext/cache.h"

namespace dormouse {
namespace {

using Fault = ScriptErrors::Fault;

constexpr uint64_t kCacheBytesMin = uint64_t{64} << 10;

// ---- pools ----

PoolPolicy apply(PoolPolicy policy, const PoolDescription& from) {
  policy.min_idle = from.min_idle.value_or(policy.min_idle);
  policy.max_instances = from.max_instances.value_or(policy.max_instances);
  policy.max_pending = from.max_pending.value_or(policy.max_pending);
  policy.max_wait = from.max_wait.value_or(policy.max_wait);
  if (from.max_batch) policy.max_batch = from.max_batch;
  policy.max_delay = from.max_delay.value_or(policy.max_delay);
  if (from.idle_trim) policy.idle_trim = from.idle_trim;
  if (from.idle_park) policy.idle_park = from.idle_park;
  if (from.idle_unload) policy.idle_unload = from.idle_unload;
  policy.min_residency = from.min_residency.value_or(policy.min_residency);
  policy.load_timeout = from.load_timeout.value_or(policy.load_timeout);
  policy.drain_timeout = from.drain_timeout.value_or(policy.drain_timeout);
  policy.reload = from.reload.value_or(policy.reload);
  return policy;
}

void check_pool(const PoolDescription& pool, const PoolPolicy& policy, ScriptErrors& errors) {
  if (policy.max_delay >= policy.max_wait)
    errors.add(pool.call, {{"max_delay"},
                           {},
                           "max_delay " + format_duration(policy.max_delay) + " is not less than max_wait " +
                               format_duration(policy.max_wait) + ": calls would be refused before they are gathered",
                           {}});
  if (policy.min_idle > policy.max_instances)
    errors.add(pool.call, {{"min_idle"},
                           {},
                           "min_idle " + std::to_string(policy.min_idle) + " is more than max_instances " +
                               std::to_string(policy.max_instances),
                           {}});
  const std::pair<const char*, const std::optional<Duration>*> steps[] = {
      {"trim", &policy.idle_trim}, {"park", &policy.idle_park}, {"unload", &policy.idle_unload}};
  for (size_t i = 0; i < 3; ++i)
    for (size_t j = i + 1; j < 3; ++j)
      if (*steps[i].second && *steps[j].second && **steps[i].second > **steps[j].second)
        errors.add(pool.call, {{"idle", steps[i].first},
                               {},
                               std::string("idle.") + steps[i].first + " " + format_duration(**steps[i].second) +
                                   " comes after idle." + steps[j].first + " " + format_duration(**steps[j].second),
                               {}});
}

}  // namespace

std::vector<NamedPoolPolicy> check_pools(const ScriptDescription& description, Callees& callees, ScriptErrors& errors) {
  std::vector<NamedPoolPolicy> pools;
  PoolPolicy everyone;
  std::map<std::string, int> lines;
  for (const PoolDescription& pool : description.pools) {
    for (const Fault& fault : pool.faults) errors.add(pool.call, fault);
    if (pool.name != "*" && !callees.find(pool.name))
      errors.add(pool.call, {{}, {}, "unknown component '" + pool.name + "'", near_hint(pool.name, callees.names())});
    const auto [known, added] = lines.emplace(pool.name, pool.call.line);
    if (!added)
      errors.add(pool.call,
                 {{},
                  {},
                  "a second dm.pool for '" + pool.name + "'; the first is on line " + std::to_string(known->second),
                  {}});
    if (pool.name == "*") everyone = apply(everyone, pool);
  }
  // What a pool of its own does not set, it takes from "*".
  for (const PoolDescription& pool : description.pools) {
    pools.push_back({pool.name, apply(everyone, pool)});
    check_pool(pool, pools.back().policy, errors);
  }
  return pools;
}

// ---- caches ----

namespace {

// The components that offer a cache, by what their plugins' manifests say.
std::vector<std::string> find_cache_components(Callees& callees) {
  std::vector<std::string> found;
  for (const std::string& name : callees.names()) {
    const Result<Callee::Described> described = callees.find(name)->describe();
    if (described.ok() && described->type->offers(DM_EXT_CACHE)) found.push_back(name);
  }
  return found;
}

void choose_store(const CacheDescription& cache, const std::vector<std::string>& offering, Callees& callees,
                  CachePolicy& policy, ScriptErrors& errors) {
  const std::string howto =
      "add to the configuration a component of a caching plugin: cache.memory: {plugin: cache-memory}";
  if (cache.tiers.size() > 1)
    return errors.add(cache.call, {{"tiers"}, {}, "more than one tier is not available yet", {}});
  if (cache.tiers.empty()) {
    if (offering.size() == 1) policy.store = offering.front();
    if (offering.empty()) errors.add(cache.call, {{}, {}, "no configured component offers a cache", howto});
    if (offering.size() > 1)
      errors.add(cache.call,
                 {{}, {}, "several components offer a cache", "add tiers = { one of " + quoted_list(offering) + " }"});
    return;
  }
  policy.store = cache.tiers.front();
  if (std::find(offering.begin(), offering.end(), policy.store) != offering.end()) return;
  const bool known = callees.find(policy.store) != nullptr;
  std::string hint = near_hint(policy.store, offering);
  if (hint.empty()) hint = offering.empty() ? howto : "those that do are " + quoted_list(offering);
  errors.add(cache.call,
             {{"tiers"},
              policy.store,
              known ? "component '" + policy.store + "' offers no cache" : "unknown component '" + policy.store + "'",
              std::move(hint)});
}

// A plugin that says which policies it has, in a setting `eviction`, is believed.
void check_eviction(const CacheDescription& cache, const CachePolicy& policy, Callees& callees, ScriptErrors& errors) {
  if (policy.limits.eviction.empty() || policy.store.empty()) return;
  const Result<Callee::Described> described = callees.find(policy.store)->describe();
  if (!described.ok()) return;
  for (const SettingManifest& setting : described->type->settings) {
    if (setting.name != "eviction" || setting.one_of.empty()) continue;
    if (std::find(setting.one_of.begin(), setting.one_of.end(), policy.limits.eviction) != setting.one_of.end()) return;
    std::string hint = near_hint(policy.limits.eviction, setting.one_of);
    if (hint.empty()) hint = "it has " + quoted_list(setting.one_of);
    errors.add(cache.call, {{"eviction"},
                            policy.limits.eviction,
                            "component '" + policy.store + "' has no eviction '" + policy.limits.eviction + "'",
                            std::move(hint)});
  }
}

void check_cache_bounds(const CacheDescription& cache, const CachePolicy& policy, ScriptErrors& errors) {
  if (policy.limits.max_bytes < kCacheBytesMin)
    errors.add(cache.call, {{"max_bytes"}, {}, "max_bytes is at least " + format_bytes(kCacheBytesMin), {}});
  if (cache.max_entry && *cache.max_entry > policy.limits.max_bytes)
    errors.add(cache.call, {{"admission", "max_entry"}, {}, "max_entry is larger than max_bytes", {}});
  for (const std::string& tag : policy.tags)
    if (tag.size() > kCacheTagBytesMax)
      errors.add(cache.call, {{"tags"}, {}, "a tag has at most " + std::to_string(kCacheTagBytesMax) + " bytes", {}});
}

CachePolicy policy_of(const CacheDescription& cache) {
  CachePolicy policy;
  policy.name = cache.name;
  policy.limits.max_bytes = cache.max_bytes.value_or(policy.limits.max_bytes);
  policy.limits.eviction = cache.eviction.value_or("");
  policy.ttl = cache.ttl.value_or(policy.ttl);
  policy.ttl_jitter = cache.ttl_jitter.value_or(policy.ttl_jitter);
  policy.negative_ttl = cache.negative_ttl;
  policy.single_flight = cache.single_flight.value_or(policy.single_flight);
  policy.min_cost = cache.min_cost.value_or(policy.min_cost);
  policy.max_entry = cache.max_entry.value_or(std::min(policy.max_entry, policy.limits.max_bytes / 8));
  policy.tags = cache.tags;
  policy.version_by_plugin = cache.version_by_plugin.value_or(policy.version_by_plugin);
  policy.version_by_script = cache.version_by_script.value_or(policy.version_by_script);
  return policy;
}

}  // namespace

std::vector<CachePolicy> check_caches(const ScriptDescription& description, Callees& callees, ScriptErrors& errors) {
  std::vector<CachePolicy> policies;
  if (description.caches.empty()) return policies;
  const std::vector<std::string> offering = find_cache_components(callees);
  std::map<std::string, int> lines;
  for (const CacheDescription& cache : description.caches) {
    for (const Fault& fault : cache.faults) errors.add(cache.call, fault);
    const auto [known, added] = lines.emplace(cache.name, cache.call.line);
    if (!added) {
      errors.add(cache.call,
                 {{},
                  {},
                  "a second dm.cache named '" + cache.name + "'; the first is on line " + std::to_string(known->second),
                  {}});
      continue;
    }
    CachePolicy policy = policy_of(cache);
    choose_store(cache, offering, callees, policy, errors);
    check_cache_bounds(cache, policy, errors);
    if (errors.empty()) check_eviction(cache, policy, callees, errors);
    policies.push_back(std::move(policy));
  }
  return policies;
}

}  // namespace dormouse
