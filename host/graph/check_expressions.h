// A part of the check of one pipeline: infers the types of expressions. It resolves references, follows them through
// the types of stages, and converts constants to the wanted types. It evaluates nothing (expression.h does). Owner: the
// check that runs. One thread; lives no longer than the scope (check_scope.h). Faults go to the scope.
#pragma once

#include <optional>
#include <string>

#include "graph/check_scope.h"
#include "values/type.h"

namespace dormouse {

class ExpressionCheck {
 public:
  using Path = PipelineScope::Path;

  explicit ExpressionCheck(PipelineScope& scope) : scope_(scope) {}

  // The type of an expression that node `reader` reads. Resolves its references. Where Lua has one form for two types
  // (see values/adapt.h), `wanted` decides; it may be null. nullopt: a fault was found inside. `path` is the key of the
  // expression; it is the same after the call.
  std::optional<Type> infer(uint16_t reader, Expression& expression, const Type* wanted, Path& path);
  // Adds a fault if `wanted` does not accept `found` (a result of infer). `what` names the expression: "a tag".
  void expect(uint16_t reader, const Type& wanted, const std::optional<Type>& found, const Path& path,
              const std::string& what, const Expression& expression);

 private:
  std::optional<Type> infer_list(uint16_t reader, Expression& expression, const Type* wanted, Path& path);
  std::optional<Type> infer_map(uint16_t reader, Expression& expression, const Type* wanted, Path& path);
  std::optional<Type> resolve(uint16_t reader, Reference& reference, const Path& path);
  std::string why_absent(const Node& node) const;
  const Node* find_readable(uint16_t reader, const Reference& reference, const Path& path);
  std::optional<Type> follow(uint16_t reader, const Reference& reference, Type type, const Path& path);
  std::optional<Type> with_default(uint16_t reader, Reference& reference, const Type& type, const Path& path);

  PipelineScope& scope_;
};

}  // namespace dormouse
