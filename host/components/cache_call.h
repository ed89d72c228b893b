// A component's capability dormouse.cache/1, behind the same door as calls: every function takes a lease on the
// component, so a call into code that is gone does not compile. Any thread, reactors included; nothing waits.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"
#include "components/lease.h"
#include "values/value.h"

namespace dormouse {

struct CacheLimits {
  uint64_t max_bytes = 0;
  std::string eviction;  // empty: the component's default
};

// What a lookup found. No value: nothing.
struct CacheFound {
  Value value;
  uint64_t epoch = 0;  // for the put that follows a miss
  Status problem;      // the store broke its contract: what it gave is no value
};

struct CachePut {
  std::string_view key;
  std::span<const std::byte> value;
  std::span<const std::string> tags;
  Time expires = Time::max();
  Duration cost{};
  uint64_t epoch = 0;
};

struct CacheNumbers {
  uint64_t entries = 0, bytes = 0, max_bytes = 0;
  uint64_t hits = 0, misses = 0, inserted = 0, evicted = 0, expired = 0, refused = 0, purged = 0;
};

// Counts the loads of a component: what was opened in one load is gone in the next.
uint64_t load_number(const Lease& lease);

// The space of that name, made or with new limits; valid while this load lasts. Errors: failed_precondition (the
// component offers no cache, or may not run on reactors), the component's own.
Result<void*> open_cache_space(const Lease& lease, const std::string& name, const CacheLimits& limits);

CacheFound cache_get(const Lease& lease, void* space, std::string_view key, Time now);
// Whether it was kept.
bool cache_put(const Lease& lease, void* space, const CachePut& put, Time now);
// How many entries went; `tag` null: all. Errors: broken_contract.
Result<uint64_t> cache_purge(const Lease& lease, void* space, const std::string* tag);
// How many entries a purge would forget now; nullopt: the component does not count them. Errors: broken_contract.
Result<std::optional<uint64_t>> cache_count(const Lease& lease, void* space, const std::string* tag);
CacheNumbers cache_numbers(const Lease& lease, void* space);

}  // namespace dormouse
