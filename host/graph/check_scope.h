// One pipeline while it is checked: what its script said, the graph that grows from it, and where its faults go.
// The parts of the check share it. One thread; lives as long as the check of the pipeline.
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
  using Path = std::vector<std::string>;  // of a key, from the outside in

  // Where a node comes from.
  struct Origin {
    const StageDescription* stage;
    ScriptCall call;
    size_t entry;  // of the pipeline: a node reads only what belongs to earlier entries
  };

  static constexpr uint16_t kOutput = UINT16_MAX;  // as a node that reads: the pipeline's output

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
  // `node` begins once `other` has ended.
  void wait_for(uint16_t node, uint16_t other);
  void fault(uint16_t node, Fault fault);
  // At the key `path` of a node, where `name` stands.
  void unknown_component(uint16_t node, Path path, const std::string& name);
};

// "method 'classify' of component 'nlu'"
std::string method_text(const Node& node, const std::string& component);
// "text: string, top: int?"
std::string fields_text(const Type& record);

}  // namespace dormouse
