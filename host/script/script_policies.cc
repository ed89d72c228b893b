#include "script/script_policies.h"

#include "script/script_objects.h"
#include "script/script_reading.h"

namespace dormouse {
namespace {

// ---- dm.pool ----

using PoolReading = Reading<PoolDescription>;

constexpr std::array<Key<PoolDescription>, 3> kIdleKeys = {{
    {"trim", [](PoolReading& r) { r.duration(r.to.idle_trim); }},
    {"park", [](PoolReading& r) { r.duration(r.to.idle_park); }},
    {"unload", [](PoolReading& r) { r.duration(r.to.idle_unload); }},
}};

void read_idle(PoolReading& reading) {
  if (!lua_istable(reading.L, -1)) return reading.expected("a table { trim, park, unload }");
  reading.keys(-1, kIdleKeys, "idle");
}

void read_reload(PoolReading& reading) {
  const char* mode = lua_type(reading.L, -1) == LUA_TSTRING ? lua_tostring(reading.L, -1) : "";
  if (mode == std::string_view("beside"))
    reading.to.reload = ReloadMode::beside;
  else if (mode == std::string_view("close_first"))
    reading.to.reload = ReloadMode::close_first;
  else
    reading.expected("\"beside\" or \"close_first\"");
}

constexpr std::array<Key<PoolDescription>, 12> kPoolKeys = {{
    {"min_idle", [](PoolReading& r) { r.count(r.to.min_idle, 0, 1024); }},
    {"max_instances", [](PoolReading& r) { r.count(r.to.max_instances, 1, 1024); }},
    {"max_pending", [](PoolReading& r) { r.count(r.to.max_pending, 1, 1'000'000); }},
    {"max_wait", [](PoolReading& r) { r.positive_duration(r.to.max_wait); }},
    {"idle", read_idle},
    {"min_residency", [](PoolReading& r) { r.duration(r.to.min_residency); }},
    {"load_timeout", [](PoolReading& r) { r.positive_duration(r.to.load_timeout); }},
    {"drain_timeout", [](PoolReading& r) { r.duration(r.to.drain_timeout); }},
    {"reload", read_reload},
    {"max_batch", [](PoolReading& r) { r.count(r.to.max_batch, 1, 4096); }},
    {"max_delay", [](PoolReading& r) { r.duration(r.to.max_delay); }},
    {"memory", nullptr},
}};

// ---- dm.cache ----

using CacheReading = Reading<CacheDescription>;

void read_jitter(CacheReading& reading) {
  const double jitter = lua_type(reading.L, -1) == LUA_TNUMBER ? lua_tonumber(reading.L, -1) : -1;
  if (!(jitter >= 0 && jitter <= 1)) return reading.expected("a number from 0 to 1");
  reading.to.ttl_jitter = jitter;
}

void read_single_flight(CacheReading& reading) {
  bool on = true;
  reading.flag(on);
  reading.to.single_flight = on;
}

void read_version_by(CacheReading& reading) {
  std::vector<std::string> names;
  reading.names(names, "a list of \"plugin\" and \"script\"");
  reading.to.version_by_plugin = reading.to.version_by_script = false;
  for (const std::string& name : names) {
    if (name == "plugin")
      reading.to.version_by_plugin = true;
    else if (name == "script")
      reading.to.version_by_script = true;
    else
      reading.fault("'version_by' knows \"plugin\" and \"script\", not '" + name + "'");
  }
}

constexpr std::array<Key<CacheDescription>, 2> kAdmissionKeys = {{
    {"min_cost", [](CacheReading& r) { r.duration(r.to.min_cost); }},
    {"max_entry", [](CacheReading& r) { r.byte_size(r.to.max_entry); }},
}};

void read_admission(CacheReading& reading) {
  if (!lua_istable(reading.L, -1)) return reading.expected("a table { min_cost, max_entry }");
  reading.keys(-1, kAdmissionKeys, "admission");
}

void read_eviction(CacheReading& reading) {
  std::string eviction;
  reading.text(eviction);
  if (!eviction.empty()) reading.to.eviction = std::move(eviction);
}

constexpr std::array<Key<CacheDescription>, 15> kCacheKeys = {{
    {"tiers", [](CacheReading& r) { r.names(r.to.tiers, "a list of components"); }},
    {"max_bytes", [](CacheReading& r) { r.byte_size(r.to.max_bytes); }},
    {"eviction", read_eviction},
    {"admission", read_admission},
    {"ttl", [](CacheReading& r) { r.positive_duration(r.to.ttl); }},
    {"ttl_jitter", read_jitter},
    {"negative_ttl", [](CacheReading& r) { r.positive_duration(r.to.negative_ttl); }},
    {"single_flight", read_single_flight},
    {"tags", [](CacheReading& r) { r.names(r.to.tags, "a list of strings"); }},
    {"version_by", read_version_by},
    {"stale_while_revalidate", nullptr},
    {"stale_if_error", nullptr},
    {"early_refresh", nullptr},
    {"semantic", nullptr},
    {"what_if", nullptr},
}};

}  // namespace

int dm_pool(lua_State* L) {
  ScriptSession& into = describing_session(L, "pool");
  if (into.kind != ScriptKind::policies)
    return luaL_error(L, "dm.pool belongs into a policy script, not into a pipeline");
  if (lua_type(L, 1) != LUA_TSTRING || !lua_istable(L, 2))
    return luaL_error(L, "dm.pool(name, { ... }) takes a component's name or \"*\", and a table");
  PoolDescription pool;
  pool.name = lua_tostring(L, 1);
  pool.call = calling_script(L, into, pool.name, "");
  PoolReading reading(L, pool, into.writer);
  reading.keys(2, kPoolKeys, "a pool");
  if (lua_rawlen(L, 2) > 0) reading.fault("a pool has no positional entries");
  into.into.pools.push_back(std::move(pool));
  return 0;
}

int dm_cache(lua_State* L) {
  ScriptSession& into = describing_session(L, "cache");
  if (into.kind != ScriptKind::policies)
    return luaL_error(L, "dm.cache belongs into a policy script; a stage says cache = \"name\"");
  CacheDescription cache;
  cache.name = name_argument(L, "cache");
  cache.call = calling_script(L, into, cache.name, "");
  CacheReading reading(L, cache, into.writer);
  reading.keys(2, kCacheKeys, "a cache");
  if (lua_rawlen(L, 2) > 0) reading.fault("a cache has no positional entries");
  into.into.caches.push_back(std::move(cache));
  return 0;
}

}  // namespace dormouse
