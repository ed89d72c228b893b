// From what scripts said to graphs that may run: names resolved, types compared with manifests, all faults found.
// Pure but for the manifests it asks the callees for; runs no plugin code. Not on a reactor.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pipeline/callee.h"
#include "pipeline/description.h"
#include "pipeline/graph.h"
#include "pipeline/pipeline_info.h"
#include "pipeline/script_errors.h"

namespace dormouse {

// A request that names no deadline in its pipeline gets this one: nothing waits forever.
constexpr Duration kDeadlineDefault = std::chrono::seconds(30);

// A Lua function, where every state finds it again.
struct FunctionName {
  std::string pipeline;
  std::string stage;  // its path
  FunctionSlot slot;
};

struct CheckedPipeline {
  Graph graph;
  PipelineInfo info;             // all but the generation
  std::vector<Callee*> callees;  // by Graph::components
};

struct Checked {
  std::vector<CheckedPipeline> pipelines;
  std::vector<NamedPoolPolicy> pools;
  std::vector<CachePolicy> caches;
  std::vector<FunctionName> functions;  // what Node::functions counts in
};

// Meaningful only when `errors` is still empty afterwards.
Checked check(const ScriptDescription& description, Callees& callees, ScriptErrors& errors);

}  // namespace dormouse
