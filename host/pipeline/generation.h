// One loaded, checked set of scripts, with the Lua states that run its functions. Immutable but for its counters and
// states. Requests and pipelines hold it; when the last of them lets go it is closed (generation_closer.h).
//
// Who owns a Lua state when: the thread that loads the scripts opens all of them; from the moment the generation
// serves, each belongs to the thread of its loop alone; when nobody holds the generation any more, to the closer's
// thread. The hand-over is the publication of the generation, and the end of its last holder. A state keeps nothing
// that belongs to a thread: its memory comes from the common heap, and the CPU guard counts the thread that enters it,
// for that entry.
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
  Generation* generation = nullptr;  // which owns this
  std::shared_ptr<RequestSeries> requests;
  // By loop, each its own loop's: what is free changes while all else stays.
  mutable std::unique_ptr<ActivationList[]> activations;

  const PipelineInfo& info() const override { return details; }
  // Before it serves.
  void find_series(PipelineMetrics& metrics);
};

struct Generation {
  uint64_t number = 0;
  std::vector<ScriptFile> files;
  std::vector<FunctionName> functions;
  std::vector<NamedPoolPolicy> pools;
  std::vector<CachePolicy> caches;
  std::unordered_map<std::string, std::unique_ptr<CompiledPipeline>> pipelines;

  // By loop; each writes its own.
  struct alignas(64) PerLoop {
    std::atomic<uint64_t> in_flight{0};
    std::unique_ptr<LoopScripts> scripts;  // null: there are no functions
  };
  std::vector<std::unique_ptr<PerLoop>> loops;

  Generation() = default;
  Generation(const Generation&) = delete;

  uint64_t in_flight() const;

  // Ties the stages that have a cache to it, and plans the wrappers of all. Once, before it serves, with its policies
  // in force.
  void bind_caches(const std::shared_ptr<Caches>& all);
};

// Runs all scripts in one fresh state and checks them. Not on a reactor. The caller numbers the result and opens its
// loops. Null when there are errors.
std::unique_ptr<Generation> compile(std::vector<ScriptFile> files, const ScriptLimits& limits, Callees& callees,
                                    ScriptErrors& errors);

// Makes room for `count` loops, and opens the Lua state of each by running the pipeline scripts in it, one after the
// other: a load takes one core at most from those who serve. Without functions there is nothing to run. Before it
// serves, not on a reactor. A script that describes something else in one of them is an error.
void open_loops(Generation& generation, size_t count, const ScriptLimits& limits, ScriptErrors& errors);

}  // namespace dormouse
