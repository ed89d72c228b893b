// One graph as a generation runs it: the checked graph, with the components, caches, counters and wrappers of its
// nodes. Data, not the run of a graph (activation.h). Complete before its generation serves; from then on immutable and
// never moved; any thread reads it. Owner: the pipeline of the generation, which outlives every activation of the
// graph.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cache/caches.h"
#include "graph/callee.h"
#include "graph/graph.h"
#include "pipeline/calls/wrappers.h"
#include "pipeline/pipeline_metrics.h"

namespace dormouse {

struct NodePlan {
  Cache* cache = nullptr;      // null: none
  uint32_t first_wrapper = 0;  // index in GraphPlan::wrappers, and in the block of each activation
  uint8_t wrappers = 0;        // number of its wrappers
  bool wrapper_always_takes_part = false;
  std::shared_ptr<StageSeries> series;  // null for a group: its members count
};

struct GraphPlan {
  Graph graph;
  std::string file;                   // of the script that describes it
  std::vector<Callee*> callees;       // by Graph::components
  std::vector<NodePlan> nodes;        // by Graph::nodes
  std::vector<WrapperPlan> wrappers;  // of all nodes, node after node, outermost first

  // Finds the cache of each node and plans its wrappers. Once, before the generation serves, with its policies in
  // force.
  void plan_wrappers(const std::shared_ptr<Caches>& all);
};

}  // namespace dormouse
