#include "graph/expression.h"

namespace dormouse {
namespace {

const Value& root_of(const Reference& reference, const Surroundings& values) {
  if (reference.node == Reference::kRequest) return values.request;
  return values.nodes[static_cast<size_t>(reference.node)];
}

// "No value" when any step leads nowhere. Null is absent too: a plugin that answers null for `T?` means that.
dm_value walk(const Reference& reference, dm_value at) {
  for (const Reference::Step& step : reference.path) {
    at = step.field.empty() ? dm_list_at(at, step.index) : dm_map_find(at, step.field.data(), step.field.size());
    if (!at.node) return at;
  }
  return dm_kind(at) == DM_NULL ? dm_value_none() : at;
}

dm_value look_up(const Reference& reference, const Surroundings& values) {
  const dm_value found = walk(reference, root_of(reference, values).view());
  return found.node ? found : reference.fallback.view();
}

// False after a mistake, which the writer remembers.
bool write(const Expression& expression, const Surroundings& values, ValueWriter& writer);

bool write_map(const Expression& expression, const Surroundings& values, ValueWriter& writer) {
  if (!writer.map_begin()) return false;
  for (const auto& [name, field] : expression.fields) {
    if (field.kind == Expression::Kind::reference) {
      const dm_value found = look_up(field.reference, values);
      if (found.node && !(writer.key(name) && writer.copy(found))) return false;
    } else if (!(writer.key(name) && write(field, values, writer))) {
      return false;
    }
  }
  return writer.map_end();
}

bool write(const Expression& expression, const Surroundings& values, ValueWriter& writer) {
  switch (expression.kind) {
    case Expression::Kind::constant:
      return writer.copy(expression.constant.view());
    case Expression::Kind::reference: {
      const dm_value found = look_up(expression.reference, values);
      return found.node ? writer.copy(found) : writer.null();
    }
    case Expression::Kind::map:
      return write_map(expression, values, writer);
    case Expression::Kind::list:
      if (!writer.list_begin()) return false;
      for (const Expression& item : expression.items)
        if (!write(item, values, writer)) return false;
      return writer.list_end();
  }
  return false;
}

}  // namespace

std::string Reference::to_string() const {
  std::string text = "ref." + root;
  for (const Step& step : path)
    text += step.field.empty() ? "[" + std::to_string(step.index + 1) + "]" : "." + step.field;
  return text;
}

Result<Value> evaluate(const Expression& expression, const Surroundings& values, ValueWriter& writer) {
  if (expression.kind == Expression::Kind::constant) return expression.constant;
  if (expression.kind == Expression::Kind::reference) {
    const Value& root = root_of(expression.reference, values);
    const dm_value found = walk(expression.reference, root.view());
    return found.node ? root.at(found) : expression.reference.fallback;
  }
  writer.reset();
  write(expression, values, writer);
  return writer.finish();
}

}  // namespace dormouse
