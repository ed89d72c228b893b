// A generation: one loaded, checked set of scripts, with the Lua states that run its functions. Immutable, except for
// its counters and Lua states. It runs no request (scheduler.h does).
//
// Owner: shared by requests and by holders of its pipelines; when the last of them releases it, it is closed
// (generation_closer.h). Errors of loading go into ScriptErrors.
//
// Threads: a Lua state belongs to one thread at a time. The thread that loads the scripts opens all states. Once the
// generation serves, each state belongs to the thread of its loop. After the last holder, all belong to the closer's
// thread. Publishing the generation hands the states over the first time, the end of the last holder the second time.
// A state keeps nothing that belongs to a thread: its memory comes from the common heap, and the CPU guard measures the
// thread that enters the state, for that entry.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/metrics.h"
#include "cache/caches.h"
#include "graph/checked.h"
#include "pipeline/activation.h"
#include "pipeline/graph_plan.h"
#include "pipeline/pipeline.h"
#include "pipeline/pipeline_metrics.h"
#include "pipeline/script_files.h"
#include "script/loop_scripts.h"

namespace dormouse {

struct Generation;

struct CompiledPipeline final : Pipeline {
  PipelineInfo details;
  GraphPlan plan;
  Generation* generation = nullptr;  // the owner of this pipeline
  std::shared_ptr<RequestSeries> requests;
  // By loop; each list is used by its loop alone. Mutable: only the free lists change while the generation serves.
  mutable std::unique_ptr<ActivationList[]> activations;

  const PipelineInfo& info() const override { return details; }
  // Finds the series of its stages and requests. Before the generation serves.
  void find_series(PipelineMetrics& metrics);
};

struct Generation {
  uint64_t number = 0;
  std::vector<ScriptFile> files;
  std::vector<FunctionName> functions;
  std::vector<NamedPoolPolicy> pools;
  std::vector<CachePolicy> caches;
  std::unordered_map<std::string, std::unique_ptr<CompiledPipeline>> pipelines;

  // By loop; each loop writes only its entry.
  struct alignas(64) PerLoop {
    std::atomic<uint64_t> in_flight{0};
    std::unique_ptr<LoopScripts> scripts;  // null: there are no functions
  };
  std::vector<std::unique_ptr<PerLoop>> loops;

  Generation() = default;
  Generation(const Generation&) = delete;

  uint64_t in_flight() const;

  // Gives each stage with a cache a pointer to that cache, and plans the wrappers of all stages. Once, before the
  // generation serves, after Caches::apply() of its policies.
  void bind_caches(const std::shared_ptr<Caches>& all);
};

// Runs all scripts in one fresh Lua state and checks them. Not on a reactor. The caller numbers the result and calls
// open_loops(). Null when there are errors; `errors` has them.
std::unique_ptr<Generation> compile(std::vector<ScriptFile> files, const ScriptLimits& limits, Callees& callees,
                                    ScriptErrors& errors);

// Makes `count` loops, and opens the Lua state of each: runs the pipeline scripts in it. One state after the other, so
// a load takes at most one core from the requests. Without Lua functions there are no states. Before the generation
// serves; not on a reactor. Errors: a script that describes something else in one state than in another.
void open_loops(Generation& generation, size_t count, const ScriptLimits& limits, ScriptErrors& errors);

}  // namespace dormouse
