// What a check of scripts makes: graphs that may run, and what they need. Data; owned by the generation that is made of
// it.
#pragma once

#include <string>
#include <vector>

#include "graph/callee.h"
#include "graph/description.h"
#include "graph/graph.h"
#include "graph/pipeline_info.h"

namespace dormouse {

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

}  // namespace dormouse
