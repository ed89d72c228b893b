// Calls of a component's capability dormouse.cache/1. Like call.h, each function takes a lease as its argument, so a
// call without a lease does not compile. It keeps no values and knows no keys (box `cache`). Any thread, reactors too;
// nothing waits. `space` is a handle from open_cache_space().
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

// The result of a look-up. No value: nothing was found.
struct CacheFound {
  Value value;
  uint64_t epoch = 0;  // for the put that follows a miss
  Status problem;      // not ok: the component broke its contract, and returned bytes that are no value
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

// The number of the load that the lease holds. A space of one load is gone in the next.
uint64_t load_number(const Lease& lease);

// Makes the space `name`, or gives it new limits. The space is valid while this load lasts. Errors: failed_precondition
// (the component offers no cache, or may not run on reactors), the component's own.
Result<void*> open_cache_space(const Lease& lease, const std::string& name, const CacheLimits& limits);

CacheFound cache_get(const Lease& lease, void* space, std::string_view key, Time now);
// Whether the component kept the value.
bool cache_put(const Lease& lease, void* space, const CachePut& put, Time now);
// Removes the entries with `tag` (null: all); returns how many. Errors: broken_contract.
Result<uint64_t> cache_purge(const Lease& lease, void* space, const std::string* tag);
// How many entries a purge would remove now; nullopt: the component does not count them. Errors: broken_contract.
Result<std::optional<uint64_t>> cache_count(const Lease& lease, void* space, const std::string* tag);
CacheNumbers cache_numbers(const Lease& lease, void* space);

}  // namespace dormouse
