// A part of the check of one pipeline: one stage or group, with its method, input, output and fallback, and whether its
// value may be absent.
// Owner: the check that runs. One thread; lives no longer than the scope (check_scope.h). Faults go to the scope.
#pragma once

#include <string>

#include "graph/check_expressions.h"
#include "graph/check_scope.h"

namespace dormouse {

class StageCheck {
 public:
  explicit StageCheck(PipelineScope& scope) : scope_(scope), expressions_(scope) {}

  // Checks node `index` of the graph. All nodes before it have been checked.
  void run(uint16_t index);

 private:
  using Path = PipelineScope::Path;

  void number_functions(uint16_t index, const StageDescription& stage);
  void wait_for_function(uint16_t index, const StageDescription& stage);
  void check_function(uint16_t index, const StageDescription& stage);
  void check_component(uint16_t index, const StageDescription& stage);
  uint16_t component_index(Callee* callee);
  void note_problem(uint16_t index, const std::string& component, const Status& cause);
  const MethodManifest* find_method(uint16_t index, const StageDescription& stage, const Callee::Described& described);
  void infer_input_anyway(uint16_t index, const StageDescription& stage);
  void check_input(uint16_t index, const StageDescription& stage, const MethodManifest& method);
  static size_t position(const Type& record, const std::string& name);
  static void spread_constant(Expression& expression);
  void check_input_field(uint16_t index, const Type& wanted, const std::string& whom, const std::string& name,
                         Expression& field);
  void check_fallback(uint16_t index, const StageDescription& stage);
  void settle_absence(uint16_t index, const StageDescription& stage);
  const StageDescription* group_of(uint16_t index) const;
  void check_group(uint16_t index);

  PipelineScope& scope_;
  ExpressionCheck expressions_;
};

}  // namespace dormouse
