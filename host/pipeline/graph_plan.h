// One graph as a generation runs it: what was checked, with what its nodes call, ask and count in. Data; complete
// before its generation serves, and immutable from then on. Owner: the pipeline of the generation, which outlives every
// activation of the graph. Any thread reads it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cache/caches.h"
#include "graph/callee.h"
#include "graph/graph.h"
#include "pipeline/pipeline_metrics.h"

namespace dormouse {

struct NodePlan {
  Cache* cache = nullptr;               // null: none
  std::shared_ptr<StageSeries> series;  // null of groups, which only their members count
};

struct GraphPlan {
  Graph graph;
  std::string file;                  // of the script that describes it
  std::vector<Callee*> callees;      // by Graph::components
  std::vector<NodePlan> nodes;       // by Graph::nodes
  std::weak_ptr<Caches> all_caches;  // the engine's; a call that outlives the engine keeps them
};

}  // namespace dormouse
