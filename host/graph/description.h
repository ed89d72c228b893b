// What scripts described, before the check: names are not resolved, and each part knows its line. Data; not yet a graph
// (check.h makes one). The script API fills it in one Lua state. Function numbers are references into the registry of
// that state and mean nothing in another state. Owner: the load of scripts that runs. One thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "components/idle_policy.h"
#include "components/registry.h"
#include "graph/expression.h"
#include "graph/graph.h"
#include "graph/script_errors.h"
#include "values/type.h"

namespace dormouse {

constexpr int kNoFunction = -2;  // LUA_NOREF

// The `cache = ...` of a stage.
struct CacheUse {
  std::string name;
  std::optional<Expression> key;
  std::vector<Expression> tags;
  std::vector<std::string> versions_of;  // components that the stage's function calls, by the script
  std::optional<Duration> ttl, negative_ttl;
};

struct StageDescription {
  ScriptCall call;
  std::vector<ScriptErrors::Fault> faults;  // reported once the path of the stage is known
  std::string name;
  bool group = false;
  bool listed = false;  // stands in a pipeline or a group

  std::string component, method;
  std::optional<Expression> input;
  std::optional<Value> fallback;
  int functions[kFunctionSlots] = {kNoFunction, kNoFunction, kNoFunction};
  std::optional<Duration> timeout;
  std::optional<CacheUse> cache;
  bool optional = false;

  Join join = Join::all;
  unsigned quorum = 0;
  OnError on_error = OnError::fail_fast;
  std::vector<std::shared_ptr<StageDescription>> members;
};

struct PipelineDescription {
  ScriptCall call;
  std::vector<ScriptErrors::Fault> faults;
  std::string name;
  std::optional<Duration> deadline;
  Type input = Type::record({});
  std::optional<Expression> output;
  std::vector<std::shared_ptr<StageDescription>> stages;
};

// One call of `dm.pool`: the fields of PoolPolicy (components/idle_policy.h) that it sets.
struct PoolDescription {
  ScriptCall call;
  std::vector<ScriptErrors::Fault> faults;
  std::string name;
  std::optional<unsigned> min_idle, max_instances, max_pending, max_batch;
  std::optional<Duration> max_wait, max_delay, idle_trim, idle_park, idle_unload, min_residency, load_timeout,
      drain_timeout;
  std::optional<ReloadMode> reload;
};

// One call of `dm.cache`: the fields of CachePolicy (cache/policy.h) that it sets.
struct CacheDescription {
  ScriptCall call;
  std::vector<ScriptErrors::Fault> faults;
  std::string name;
  std::vector<std::string> tiers, tags;
  std::optional<std::string> eviction;
  std::optional<uint64_t> max_bytes, max_entry;
  std::optional<Duration> ttl, negative_ttl, min_cost;
  std::optional<double> ttl_jitter;
  std::optional<bool> single_flight, version_by_plugin, version_by_script;
};

// All that one set of scripts described.
struct ScriptDescription {
  std::vector<std::shared_ptr<PipelineDescription>> pipelines;
  std::vector<std::shared_ptr<StageDescription>> stages;  // all that were made, listed or not
  std::vector<PoolDescription> pools;
  std::vector<CacheDescription> caches;
};

}  // namespace dormouse
