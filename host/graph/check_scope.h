// One pipeline while it is checked: its description, the graph that the check makes of it, and the place for faults.
// The parts of the check (check_stages.h, check_expressions.h, check_stage_cache.h) share it; it checks nothing itself.
// Owner: check(). One thread; lives as long as the check of the pipeline.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/callee.h"
#include "graph/checked.h"
#include "graph/description.h"
#include "graph/graph.h"
#include "graph/script_errors.h"

namespace dormouse {

struct PipelineScope {
  using Fault = ScriptErrors::Fault;
  using Path = std::vector<std::string>;  // the keys that lead to a value, from the outside in

  // The part of the script that describes a node.
  struct Origin {
    const StageDescription* stage;
    ScriptCall call;
    size_t entry;  // index of its entry in the pipeline; a node reads only nodes of earlier entries
  };

  static constexpr uint16_t kOutput = UINT16_MAX;  // in place of a reading node: the pipeline's output

  const PipelineDescription& from;
  const std::vector<CachePolicy>& caches;
  Callees& callees;
  ScriptErrors& errors;
  std::vector<FunctionName>& functions;
  CheckedPipeline made = {};
  Graph& graph = made.graph;
  std::vector<Origin> origins = {};  // by Graph::nodes
  ValueWriter writer = ValueWriter();

  // Null: there is none.
  const Node* by_name(std::string_view name) const;
  // Records that `node` begins after `other` has ended.
  void wait_for(uint16_t node, uint16_t other);
  void fault(uint16_t node, Fault fault);
  // Adds the fault "unknown component" at the key `path` of a node, whose value is `name`.
  void unknown_component(uint16_t node, Path path, const std::string& name);
};

// "method 'classify' of component 'nlu'"
std::string method_text(const Node& node, const std::string& component);
// "text: string, top: int?"
std::string fields_text(const Type& record);

}  // namespace dormouse
