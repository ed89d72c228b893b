#include "graph/expression.h"

#include <algorithm>
#include <string_view>

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

// Whether writing `map`, which restates a record, would give what stands at `record`: the same keys in the same order,
// and no null, which a map leaves out. What is there is looked at, and not its type: a plugin that was replaced may
// answer with more fields than the one that the script was checked with.
bool is_all_of(const Expression& map, dm_value record) {
  if (dm_kind(record) != DM_MAP || dm_count(record) != map.fields.size()) return false;
  uint32_t at = 0;
  for (const ExpressionField& field : map.fields) {
    dm_string_view key{};
    dm_value child{};
    dm_map_at(record, at++, &key, &child);
    if (std::string_view(key.data, key.size) != field.name || dm_kind(child) == DM_NULL) return false;
  }
  return true;
}

}  // namespace

bool restates_record(const Expression& map) {
  return !map.fields.empty() && std::all_of(map.fields.begin(), map.fields.end(), [&](const ExpressionField& field) {
    const Reference& reference = field.value.reference;
    return field.value.kind == Expression::Kind::reference && !reference.fallback && reference.path.size() == 1 &&
           !field.name.empty() && reference.path.front().field == field.name &&
           reference.node == map.fields.front().value.reference.node && reference.node != Reference::kUnresolved;
  });
}

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
  if (expression.restates_record) {
    const Value& record = root_of(expression.fields.front().value.reference, values);
    if (is_all_of(expression, record.view())) return record;
  }
  writer.reset();
  write(expression, values, writer);
  return writer.finish();
}

}  // namespace dormouse
