// The types of expressions: references resolved and followed through the types of stages, constants as wanted.
// Faults go to the scope. One thread; as short-lived as the scope.
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

  // The type of an expression that node `reader` reads; resolves its references, and decides by `wanted` (may be null)
  // what Lua cannot tell apart. nullopt when a fault was found inside. `path` is its key, and the same afterwards.
  std::optional<Type> infer(uint16_t reader, Expression& expression, const Type* wanted, Path& path);
  // A fault where `found` (the answer of infer) is not what `wanted` accepts; `what` is what it is: "a tag".
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
