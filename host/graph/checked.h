// The result of a check of scripts: graphs that may run, the policies, and the list of Lua functions. Data.
// Owner: the caller of check(), which makes a generation of it.
#pragma once

#include <string>
#include <vector>

#include "graph/callee.h"
#include "graph/description.h"
#include "graph/graph.h"
#include "graph/pipeline_info.h"

namespace dormouse {

// The name of a Lua function. Each Lua state finds its copy of the function by this name.
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
  std::vector<FunctionName> functions;  // Node::functions are indexes into it
};

}  // namespace dormouse
