// One graph as a generation runs it: what was checked, with what its nodes call and count in, and the plan of their
// wrappers. Data; complete before its generation serves, and immutable and in its place from then on. Owner: the
// pipeline of the generation, which outlives every activation of the graph. Any thread reads it.
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
  uint32_t first_wrapper = 0;  // of its wrappers, in the plan's and in the block of each activation
  uint8_t wrappers = 0;        // how many it has
  bool wrapper_always_takes_part = false;
  std::shared_ptr<StageSeries> series;  // null of groups, which only their members count
};

struct GraphPlan {
  Graph graph;
  std::string file;                   // of the script that describes it
  std::vector<Callee*> callees;       // by Graph::components
  std::vector<NodePlan> nodes;        // by Graph::nodes
  std::vector<WrapperPlan> wrappers;  // of all nodes, those of one after the other, outermost first

  // Finds the cache of each node and plans its wrappers. Once, before it serves, with the policies of `all` in force.
  void plan_wrappers(const std::shared_ptr<Caches>& all);
};

}  // namespace dormouse
