#include "pipeline/graph_plan.h"

#include <algorithm>

namespace dormouse {

void GraphPlan::plan_wrappers(const std::shared_ptr<Caches>& all) {
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    NodePlan& plan = nodes[i];
    if (node.cache) plan.cache = all->find(node.cache->policy);
    plan.first_wrapper = static_cast<uint32_t>(wrappers.size());
    Wrappers::plan(node, {plan.cache, all}, wrappers);
    plan.wrappers = static_cast<uint8_t>(wrappers.size() - plan.first_wrapper);
    plan.wrapper_always_takes_part = std::any_of(wrappers.end() - plan.wrappers, wrappers.end(), always_takes_part);
  }
}

}  // namespace dormouse
