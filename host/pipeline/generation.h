// One loaded, checked set of scripts. Immutable but for its counters; any thread. Requests and pipelines hold it, and
// it goes when the last of them lets go. The Lua states made from it belong to the schedulers.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/metrics.h"
#include "cache/caches.h"
#include "pipeline/check.h"
#include "pipeline/pipeline_metrics.h"
#include "pipeline/script_api.h"

namespace dormouse {

class Scheduler;
struct Generation;

struct CompiledPipeline final : Pipeline {
  PipelineInfo details;
  Graph graph;
  std::vector<Callee*> callees;                      // by Graph::components
  std::vector<Cache*> caches;                        // by node; null: none
  Generation* generation = nullptr;                  // which owns this
  std::vector<std::shared_ptr<StageSeries>> stages;  // by node; null of groups, which only their members count
  std::shared_ptr<RequestSeries> requests;

  const PipelineInfo& info() const override { return details; }
  // Before it serves.
  void find_series(PipelineMetrics& metrics);
};

struct ScriptFile {
  ScriptKind kind;
  std::shared_ptr<const SourceText> source;
};

struct Generation {
  uint64_t number = 0;
  std::vector<ScriptFile> files;
  std::vector<FunctionName> functions;
  std::vector<NamedPoolPolicy> pools;
  std::vector<CachePolicy> caches;
  std::unordered_map<std::string, std::unique_ptr<CompiledPipeline>> pipelines;

  // By scheduler; each writes its own.
  struct alignas(64) PerLoop {
    std::weak_ptr<Scheduler> scheduler;
    std::atomic<uint64_t> in_flight{0};
    std::atomic<bool> has_state{false};
  };
  std::vector<std::unique_ptr<PerLoop>> loops;

  Generation() = default;
  Generation(const Generation&) = delete;
  ~Generation();  // tells the schedulers to close their Lua states of it

  uint64_t in_flight() const;

  // Ties the stages that have a cache to it. Once, before it serves, with its policies in force.
  void bind_caches(const std::shared_ptr<Caches>& all);
  std::weak_ptr<Caches> all_caches;  // the engine's; a call that outlives the engine keeps them
};

// Runs all scripts in one fresh state and checks them. Not on a reactor. The caller numbers the result and gives it its
// loops. Null when there are errors.
std::shared_ptr<Generation> compile(std::vector<ScriptFile> files, const ScriptLimits& limits, Callees& callees,
                                    ScriptErrors& errors);

// The Lua side of one generation on one loop: its functions, by Generation::functions. Thread: that loop's.
struct LoopScripts {
  ScriptHost host;
  std::unique_ptr<LuaState> state;
  std::vector<int> functions;  // references in the registry
  Status problem;              // why there is no state
};
std::unique_ptr<LoopScripts> open_scripts(const Generation& generation, const ScriptLimits& limits);

}  // namespace dormouse
