#include "graph/check_scope.h"

#include <algorithm>

#include "base/object_names.h"

namespace dormouse {

const Node* PipelineScope::by_name(std::string_view name) const {
  for (const Node& node : graph.nodes)
    if (node.name == name) return &node;
  return nullptr;
}

void PipelineScope::wait_for(uint16_t node, uint16_t other) {
  auto& waits = graph.nodes[node].waits_for;
  if (std::find(waits.begin(), waits.end(), other) == waits.end()) waits.push_back(other);
}

void PipelineScope::fault(uint16_t node, Fault fault) {
  errors.add(node == kOutput ? from.call : origins[node].call, std::move(fault));
}

void PipelineScope::unknown_component(uint16_t node, Path path, const std::string& name) {
  std::string hint = near_hint(name, callees.names());
  if (hint.empty() && callees.names().empty()) hint = "none is configured: add it under components";
  if (hint.empty()) hint = "configured are " + quoted_list(callees.names());
  fault(node, {std::move(path), name, "unknown component '" + name + "'", std::move(hint)});
}

std::string method_text(const Node& node, const std::string& component) {
  const std::string text = component_object(component);
  const ComponentCall* call = node.as_component();
  return !call || call->method_name.empty() ? text : "method '" + call->method_name + "' of " + text;
}

std::string fields_text(const Type& record) {
  std::string text;
  for (const Type::Field& field : record.fields())
    text += (text.empty() ? "" : ", ") + field.name + ": " + field.type.to_string();
  return text.empty() ? "nothing" : text;
}

}  // namespace dormouse
