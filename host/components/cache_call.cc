#include "components/cache_call.h"

#include <array>

#include "base/object_names.h"
#include "components/call_frame.h"
#include "components/component.h"
#include "components/current_call.h"
#include "components/loaded.h"

namespace dormouse {
namespace {

constexpr size_t kTagsMax = 16;  // as dm_cache_entry says

int64_t nanoseconds(Time at) {
  return at.time_since_epoch().count();
}

const dm_cache& table_of(const Lease& lease) {
  return *lease.loaded().cache().table;
}

CurrentCall entering(const Lease& lease, const char* function) {
  const LoadedFacts& facts = lease.loaded().facts();
  return CurrentCall({lease.component().name().c_str(), facts.manifest->id.c_str(), facts.version.c_str()}, function);
}

std::string where(const Lease& lease, const char* function) {
  return component_object(lease.component().name()) + ", " + function + " of " DM_EXT_CACHE;
}

// Calls purge or count, which differ in nothing but their name. Errors: broken_contract.
Result<uint64_t> ask_of_tag(const Lease& lease, const char* name, decltype(dm_cache::purge) function, void* space,
                            const std::string* tag) {
  uint64_t entries = 0;
  const std::string asked = where(lease, name);
  const dm_cache_tag given{tag ? tag->data() : nullptr, tag ? tag->size() : 0};
  int32_t ended = DM_INTERNAL;
  const CurrentCall here = entering(lease, name);
  const Status status = guarded(asked, [&]() -> Status {
    ended = function(space, tag ? &given : nullptr, &entries);
    return {};
  });
  if (!status.ok()) return status;
  if (ended != DM_OK)
    return Error{.code = Code::broken_contract,
                 .message = "failed",
                 .object = asked,
                 .needed = "DM_OK",
                 .found = std::to_string(ended),
                 .remedy = "reload the component"};
  return entries;
}

}  // namespace

uint64_t load_number(const Lease& lease) {
  return lease.loaded().number();
}

Result<void*> open_cache_space(const Lease& lease, const std::string& name, const CacheLimits& limits) {
  const Loaded::CacheDoor& door = lease.loaded().cache();
  const Safety& safety = lease.loaded().facts().safety;
  const std::string object = component_object(lease.component().name());
  if (!door.table && lease.loaded().offers_cache())
    return Error{.code = Code::failed_precondition,
                 .message = "cannot be asked from request threads",
                 .object = object,
                 .needed = "safety class 'unmap'",
                 .found = "'" + std::string(to_string(safety.safety)) + "'",
                 .remedy = "dormouse plugin inspect tells why"};
  if (!door.table)
    return Error{.code = Code::failed_precondition,
                 .message = "is no cache",
                 .object = object,
                 .needed = "the capability " DM_EXT_CACHE,
                 .found = "none",
                 .remedy = "name a component of a caching type"};
  const CallOptions options;
  CallFrame frame(options);
  const dm_cache_limits given{sizeof(dm_cache_limits), 0, limits.max_bytes, limits.eviction.c_str()};
  void* space = nullptr;
  const std::string asked = where(lease, "open_space");
  const CurrentCall here = entering(lease, "open_space");
  const Status opened = guarded(asked, [&] {
    return frame.status(door.table->open_space(door.component, frame.abi(), name.c_str(), &given, &space), asked);
  });
  if (!opened.ok()) return opened;
  if (!space)
    return Error{.code = Code::broken_contract,
                 .message = "returned no space",
                 .object = asked,
                 .needed = "a space",
                 .found = "null",
                 .remedy = "correct the plugin"};
  return space;
}

CacheFound cache_get(const Lease& lease, void* space, std::string_view key, Time now) {
  const dm_cache& table = table_of(lease);
  CacheFound found;
  dm_cache_hit hit{};
  hit.size = sizeof hit;
  const CurrentCall here = entering(lease, "get");
  const Status asked = guarded("get of " DM_EXT_CACHE, [&]() -> Status {
    if (table.get(space, key.data(), key.size(), nanoseconds(now), &hit, &found.epoch) != DM_OK) return {};
    Result<Value> value =
        Value::from_foreign({static_cast<const std::byte*>(hit.value), hit.value ? hit.value_size : 0});
    table.unpin(space, hit.pin);
    if (value.ok()) found.value = std::move(*value);
    return value.ok() ? Status() : value.status();
  });
  found.problem = asked;
  return found;
}

bool cache_put(const Lease& lease, void* space, const CachePut& put, Time now) {
  std::array<dm_cache_tag, kTagsMax> tags;
  dm_cache_entry entry{};
  entry.size = sizeof entry;
  for (const std::string& tag : put.tags)
    if (entry.tag_count < kTagsMax) tags[entry.tag_count++] = {tag.data(), tag.size()};
  entry.key = put.key.data();
  entry.key_size = put.key.size();
  entry.value = put.value.data();
  entry.value_size = put.value.size();
  entry.tags = tags.data();
  entry.expires_ns = nanoseconds(put.expires);
  entry.cost_ns = put.cost.count();
  entry.epoch = put.epoch;
  bool kept = false;
  const CurrentCall here = entering(lease, "put");
  const Status asked = guarded("put of " DM_EXT_CACHE, [&]() -> Status {
    kept = table_of(lease).put(space, &entry, nanoseconds(now)) == DM_OK;
    return {};
  });
  return asked.ok() && kept;
}

Result<uint64_t> cache_purge(const Lease& lease, void* space, const std::string* tag) {
  return ask_of_tag(lease, "purge", table_of(lease).purge, space, tag);
}

Result<std::optional<uint64_t>> cache_count(const Lease& lease, void* space, const std::string* tag) {
  const dm_cache& table = table_of(lease);
  const bool counts = table.size >= sizeof(dm_cache) && table.count;
  if (!counts) return std::optional<uint64_t>();
  const Result<uint64_t> entries = ask_of_tag(lease, "count", table.count, space, tag);
  if (!entries.ok()) return entries.status();
  return std::optional(*entries);
}

CacheNumbers cache_numbers(const Lease& lease, void* space) {
  dm_cache_stats stats{};
  stats.size = sizeof stats;
  const CurrentCall here = entering(lease, "stats");
  (void)guarded("stats of " DM_EXT_CACHE, [&]() -> Status {
    table_of(lease).stats(space, &stats);
    return {};
  });
  return {stats.entries,  stats.bytes,   stats.max_bytes, stats.hits,    stats.misses,
          stats.inserted, stats.evicted, stats.expired,   stats.refused, stats.purged};
}

}  // namespace dormouse
