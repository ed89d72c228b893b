#include "graph/check_expressions.h"

#include <algorithm>

#include "values/adapt.h"

namespace dormouse {
namespace {

using Kind = Type::Kind;

Type named_type(std::string_view text) {
  return *Type::parse(text);
}

// The narrowest type that a constant has.
Type type_of(dm_value value) {
  switch (dm_kind(value)) {
    case DM_BOOL:
      return named_type("bool");
    case DM_INT:
      return named_type("int");
    case DM_FLOAT:
      return named_type("float");
    case DM_STRING:
      return named_type("string");
    case DM_BYTES:
      return named_type("bytes");
    case DM_LIST: {
      Type element;
      for (uint32_t i = 0; i < dm_count(value); ++i) {
        const Type type = type_of(dm_list_at(value, i));
        if (i > 0 && !(type == element)) return Type::list_of(Type());
        element = type;
      }
      return Type::list_of(element);
    }
    case DM_MAP: {
      std::vector<Type::Field> fields;
      for (uint32_t i = 0; i < dm_count(value); ++i) {
        dm_string_view key{};
        dm_value child{};
        dm_map_at(value, i, &key, &child);
        fields.push_back({std::string(key.data, key.size), type_of(child), {}});
      }
      return Type::record(std::move(fields));
    }
    case DM_NULL:
      return Type().optional();
    default:
      return Type();
  }
}

}  // namespace

std::optional<Type> ExpressionCheck::infer(uint16_t reader, Expression& expression, const Type* wanted, Path& path) {
  switch (expression.kind) {
    case Expression::Kind::constant:
      if (wanted) expression.constant = adapt(expression.constant, *wanted, scope_.writer);
      return type_of(expression.constant.view());
    case Expression::Kind::reference:
      return resolve(reader, expression.reference, path);
    case Expression::Kind::list:
      return infer_list(reader, expression, wanted, path);
    case Expression::Kind::map:
      return infer_map(reader, expression, wanted, path);
  }
  return std::nullopt;
}

std::optional<Type> ExpressionCheck::infer_list(uint16_t reader, Expression& expression, const Type* wanted,
                                                Path& path) {
  const Type* element = wanted && wanted->kind() == Kind::list ? &wanted->element() : nullptr;
  Type common;
  bool known = true, first = true;
  for (Expression& item : expression.items) {
    const std::optional<Type> type = infer(reader, item, element, path);
    known = known && type;
    if (!type) continue;
    if (first)
      common = *type;
    else if (!(common == *type))
      common = Type();
    first = false;
  }
  return known ? std::optional<Type>(Type::list_of(common)) : std::nullopt;
}

std::optional<Type> ExpressionCheck::infer_map(uint16_t reader, Expression& expression, const Type* wanted,
                                               Path& path) {
  std::vector<Type::Field> fields;
  bool known = true;
  for (auto& [name, field] : expression.fields) {
    const Type::Field* wanted_field = wanted ? wanted->find_field(name) : nullptr;
    path.push_back(name);
    const std::optional<Type> type = infer(reader, field, wanted_field ? &wanted_field->type : nullptr, path);
    path.pop_back();
    known = known && type;
    if (type) fields.push_back({name, *type, {}});
  }
  expression.restates_record = restates_record(expression);
  return known ? std::optional<Type>(Type::record(std::move(fields))) : std::nullopt;
}

void ExpressionCheck::expect(uint16_t reader, const Type& wanted, const std::optional<Type>& found, const Path& path,
                             const std::string& what, const Expression& expression) {
  std::string why;
  if (expression.kind == Expression::Kind::constant) {
    const Status fits = wanted.check(expression.constant.view());
    if (!fits.ok()) scope_.fault(reader, {path, {}, what + ": " + fits.to_string(), {}});
    return;
  }
  if (!found || wanted.accepts(*found, &why)) return;
  std::string hint;
  if (expression.kind == Expression::Kind::reference && found->is_optional() && wanted.accepts(found->required()))
    hint = "write " + expression.reference.to_string() + ":default(...)";
  scope_.fault(reader, {path, {}, what + ": " + why, std::move(hint)});
}

std::optional<Type> ExpressionCheck::resolve(uint16_t reader, Reference& reference, const Path& path) {
  if (reference.root.empty()) return std::nullopt;  // told when it was read
  Type type = scope_.graph.input;
  if (reference.root == "request") {
    reference.node = Reference::kRequest;
  } else {
    const Node* node = find_readable(reader, reference, path);
    if (!node) return std::nullopt;
    reference.node = static_cast<int>(node - scope_.graph.nodes.data());
    if (reader != PipelineScope::kOutput) scope_.wait_for(reader, static_cast<uint16_t>(reference.node));
    type = node->output;
    if (node->may_be_absent && !reference.fallback) {
      scope_.fault(reader,
                   {path, reference.root, "stage '" + node->name + "' may be absent (" + why_absent(*node) + ")",
                    "write " + reference.to_string() + ":default(...)"});
      return std::nullopt;
    }
  }
  std::optional<Type> found = follow(reader, reference, type, path);
  if (found && reference.fallback) found = with_default(reader, reference, *found, path);
  return found;
}

std::string ExpressionCheck::why_absent(const Node& node) const {
  if (node.as_group()) return "on_error = \"partial\"";
  if (node.group != Node::kNone) {
    const Group& group = *scope_.graph.nodes[node.group].as_group();
    if (group.join == Join::any) return "join = \"any\"";
    if (group.join == Join::quorum) return "join = \"quorum\"";
    if (!node.optional) return "on_error = \"partial\"";
  }
  return "optional";
}

const Node* ExpressionCheck::find_readable(uint16_t reader, const Reference& reference, const Path& path) {
  const Node* node = scope_.by_name(reference.root);
  const std::string who = reader == PipelineScope::kOutput ? "" : scope_.graph.nodes[reader].name;
  if (!node) {
    std::vector<std::string> names{"request"};
    for (const Node& known : scope_.graph.nodes) names.push_back(known.name);
    scope_.fault(reader, {path, reference.root, "unknown stage '" + reference.root + "' in " + reference.to_string(),
                          near_hint(reference.root, names)});
    return nullptr;
  }
  const auto index = static_cast<uint16_t>(node - scope_.graph.nodes.data());
  if (index == reader) {
    scope_.fault(reader, {path, reference.root, "stage '" + who + "' reads itself", {}});
    return nullptr;
  }
  if (reader != PipelineScope::kOutput && scope_.origins[index].entry == scope_.origins[reader].entry) {
    scope_.fault(reader, {path, reference.root, "stage '" + who + "' reads '" + node->name + "', which runs beside it",
                          "list '" + node->name + "' before the parallel"});
    return nullptr;
  }
  if (reader != PipelineScope::kOutput && scope_.origins[index].entry > scope_.origins[reader].entry) {
    scope_.fault(reader, {path, reference.root, "stage '" + who + "' reads '" + node->name + "', which comes after it",
                          "list '" + node->name + "' first"});
    return nullptr;
  }
  const Group* group = node->as_group();
  if (group && group->join != Join::any) {
    std::vector<std::string> members;
    for (const uint16_t member : group->members) members.push_back(scope_.graph.nodes[member].name);
    scope_.fault(reader, {path, reference.root, "parallel '" + node->name + "' has no value of its own",
                          "read its stages: " + quoted_list(members)});
    return nullptr;
  }
  return node;
}

std::optional<Type> ExpressionCheck::follow(uint16_t reader, const Reference& reference, Type type, const Path& path) {
  std::string so_far = "ref." + reference.root;
  bool optional = false;
  for (const Reference::Step& step : reference.path) {
    optional = optional || type.is_optional();
    const bool element = step.field.empty();
    if (type.kind() == Kind::any) return optional ? Type().optional() : Type();
    if (type.kind() == Kind::record && !element) {
      const Type::Field* field = type.find_field(step.field);
      if (!field) {
        scope_.fault(reader,
                     {path, step.field, so_far + " has no field '" + step.field + "'; it has " + fields_text(type),
                      near_hint(step.field, type.field_names())});
        return std::nullopt;
      }
      type = Type(field->type);
    } else if ((type.kind() == Kind::map && !element) || (type.kind() == Kind::list && element)) {
      type = type.element().optional();
    } else {
      scope_.fault(reader, {path,
                            step.field,
                            so_far + " is " + type.to_string() + ": it has no " + (element ? "elements" : "fields"),
                            {}});
      return std::nullopt;
    }
    so_far += element ? "[" + std::to_string(step.index + 1) + "]" : "." + step.field;
  }
  return optional ? type.optional() : type;
}

std::optional<Type> ExpressionCheck::with_default(uint16_t reader, Reference& reference, const Type& type,
                                                  const Path& path) {
  const Type required = type.required();
  if (dm_kind(reference.fallback.view()) == DM_NULL) return type.optional();
  reference.fallback = adapt(reference.fallback, required, scope_.writer);
  const Status fits = required.check(reference.fallback.view());
  if (fits.ok()) return required;
  scope_.fault(reader,
               {path, "default", "the default of " + reference.to_string() + " does not fit: " + fits.to_string(), {}});
  return std::nullopt;
}

}  // namespace dormouse
