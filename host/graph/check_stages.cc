#include "graph/check_stages.h"

#include <algorithm>

#include "base/object_names.h"
#include "graph/check_stage_cache.h"
#include "values/adapt.h"

namespace dormouse {
namespace {

using Kind = Type::Kind;

}  // namespace

void StageCheck::run(uint16_t index) {
  Node& node = scope_.graph.nodes[index];
  const StageDescription& stage = *scope_.origins[index].stage;
  if (stage.group) return check_group(index);
  const bool component = !stage.component.empty();
  const bool function = stage.functions[kRunSlot] != kNoFunction;
  if (function && !component) node.kind = FunctionBody();
  number_functions(index, stage);
  wait_for_function(index, stage);
  if (component && function) {
    scope_.fault(index, {{"run"}, {}, "stage '" + node.name + "' has both a component and a run function", {}, true});
  } else if (function) {
    check_function(index, stage);
  } else if (component) {
    check_component(index, stage);
  } else if (stage.faults.empty()) {
    scope_.fault(index, {{}, {}, "stage '" + node.name + "' has neither a component nor a run function", {}});
  }
  if (stage.cache) StageCacheCheck(scope_).run(index, *stage.cache);
  check_fallback(index, stage);
  settle_absence(index, stage);
}

void StageCheck::number_functions(uint16_t index, const StageDescription& stage) {
  Node& node = scope_.graph.nodes[index];
  for (size_t slot = 0; slot < kFunctionSlots; ++slot) {
    if (stage.functions[slot] == kNoFunction) continue;
    node.functions[slot] = static_cast<uint32_t>(scope_.functions.size());
    scope_.functions.push_back({scope_.from.name, node.path, static_cast<FunctionSlot>(slot)});
  }
}

// A function may read everything before it, so it waits for all of that. (A fallback reads what its stage waited
// for.)
void StageCheck::wait_for_function(uint16_t index, const StageDescription& stage) {
  if (stage.functions[kRunSlot] == kNoFunction && stage.functions[kInputSlot] == kNoFunction) return;
  for (uint16_t other = 0; other < scope_.graph.nodes.size(); ++other)
    if (scope_.origins[other].entry < scope_.origins[index].entry) scope_.wait_for(index, other);
}

void StageCheck::check_function(uint16_t index, const StageDescription& stage) {
  for (const auto& [key, given] : {std::pair("method", !stage.method.empty()),
                                   std::pair("input", stage.input || stage.functions[kInputSlot] != kNoFunction)})
    if (given)
      scope_.fault(
          index,
          {{key}, {}, std::string("'") + key + "' goes with a component; a run function reads its ctx", {}, true});
}

void StageCheck::check_component(uint16_t index, const StageDescription& stage) {
  Node& node = scope_.graph.nodes[index];
  ComponentCall& call = *node.as_component();
  call.method_name = stage.method;
  Callee* callee = scope_.callees.find(stage.component);
  if (!callee) {
    scope_.unknown_component(index, {"component"}, stage.component);
    infer_input_anyway(index, stage);
    return;
  }
  call.component = component_index(callee);
  const Result<Callee::Described> described = callee->describe();
  if (!described.ok()) {
    note_problem(index, stage.component, described.status());
    infer_input_anyway(index, stage);
    return;
  }
  const MethodManifest* method = find_method(index, stage, *described);
  if (!method) return infer_input_anyway(index, stage);
  call.method = MethodRef{described->manifest, method, static_cast<uint32_t>(method - described->type->methods.data())};
  call.input_type = method->input;
  node.output = method->output;
  check_input(index, stage, *method);
}

uint16_t StageCheck::component_index(Callee* callee) {
  const auto known = std::find(scope_.made.callees.begin(), scope_.made.callees.end(), callee);
  const auto index = static_cast<uint16_t>(known - scope_.made.callees.begin());
  if (known == scope_.made.callees.end()) {
    scope_.made.callees.push_back(callee);
    scope_.graph.components.push_back(callee->name());
    scope_.graph.component_users.push_back(0);
  }
  ++scope_.graph.component_users[index];
  return index;
}

// Not the script's fault: the other pipelines go on, and this one may be well by the time it is called.
void StageCheck::note_problem(uint16_t index, const std::string& component, const Status& cause) {
  const std::string object = component_object(component);
  scope_.errors.warn(scope_.origins[index].call,
                     {{"component"}, component, object + " cannot be used now: " + cause.to_string_within(object), {}});
  if (!scope_.made.info.problem.ok()) return;
  Error error = cause.error();
  error.code = Code::load_failed;
  const bool named = error.object.empty() || error.object == object;
  error.message = "cannot be described: " + (named ? "" : error.object + ": ") + error.message;
  error.object = object;
  scope_.made.info.problem = Status(std::move(error));
}

const MethodManifest* StageCheck::find_method(uint16_t index, const StageDescription& stage,
                                              const Callee::Described& described) {
  const TypeManifest& type = *described.type;
  std::vector<std::string> names;
  for (const MethodManifest& method : type.methods)
    if (!method.offline) names.push_back(method.name);
  const std::string name = stage.method.empty() ? type.default_method : stage.method;
  if (name.empty()) {
    scope_.fault(index, {{"component"},
                         stage.component,
                         "component '" + stage.component + "' has several methods and no default",
                         "add method = one of " + quoted_list(names)});
    return nullptr;
  }
  const MethodManifest* method = type.find_method(name);
  if (!method) {
    std::string hint = near_hint(name, names);
    if (hint.empty()) hint = "it has " + quoted_list(names);
    scope_.fault(
        index, {{"method"}, name, "component '" + stage.component + "' has no method '" + name + "'", std::move(hint)});
  } else if (method->offline) {
    scope_.fault(index,
                 {{"method"},
                  name,
                  "method '" + name + "' of component '" + stage.component + "' is offline: pipelines cannot call it",
                  {}});
    return nullptr;
  }
  return method;
}

// Resolves the references of an input whose wanted type is unknown.
void StageCheck::infer_input_anyway(uint16_t index, const StageDescription& stage) {
  if (!stage.input) return;
  Path path{"input"};
  Expression& input = scope_.graph.nodes[index].as_component()->input;
  input = *stage.input;
  expressions_.infer(index, input, nullptr, path);
}

void StageCheck::check_input(uint16_t index, const StageDescription& stage, const MethodManifest& method) {
  Node& node = scope_.graph.nodes[index];
  if (stage.functions[kInputSlot] != kNoFunction) return;
  const std::string whom = method_text(node, stage.component);
  Expression& input = node.as_component()->input;
  if (stage.input) {
    input = *stage.input;
  } else {
    input.kind = Expression::Kind::map;
  }
  const Type& wanted = method.input;
  Path path{"input"};
  if (input.kind == Expression::Kind::reference || wanted.kind() != Kind::record) {
    expressions_.expect(index, wanted, expressions_.infer(index, input, &wanted, path), path, "input of " + whom,
                        input);
    return;
  }
  if (input.kind == Expression::Kind::constant) spread_constant(input);
  for (auto& [name, field] : input.fields) check_input_field(index, wanted, whom, name, field);
  for (const Type::Field& field : wanted.fields()) {
    const bool given = std::any_of(input.fields.begin(), input.fields.end(),
                                   [&](const auto& entry) { return entry.name == field.name; });
    if (!given && !field.type.is_optional())
      scope_.fault(index, {stage.input ? Path{"input"} : Path{},
                           {},
                           whom + " needs input '" + field.name + "': " + field.type.to_string(),
                           {}});
  }
  std::stable_sort(input.fields.begin(), input.fields.end(),
                   [&](const auto& a, const auto& b) { return position(wanted, a.name) < position(wanted, b.name); });
  input.restates_record = restates_record(input);
}

// Fields in the order of the type are found at once by whoever checks or reads them.
size_t StageCheck::position(const Type& record, const std::string& name) {
  const Type::Field* field = record.find_field(name);
  return field ? static_cast<size_t>(field - record.fields().data()) : record.fields().size();
}

// A constant table as a table of constants, so that each field is checked by its own name.
void StageCheck::spread_constant(Expression& expression) {
  const Value whole = expression.constant;
  if (dm_kind(whole.view()) != DM_MAP) return;
  expression = Expression();
  expression.kind = Expression::Kind::map;
  for (uint32_t i = 0; i < dm_count(whole.view()); ++i) {
    dm_string_view key{};
    dm_value child{};
    dm_map_at(whole.view(), i, &key, &child);
    Expression field;
    field.constant = whole.at(child);
    expression.fields.push_back({std::string(key.data, key.size), std::move(field)});
  }
}

void StageCheck::check_input_field(uint16_t index, const Type& wanted, const std::string& whom, const std::string& name,
                                   Expression& field) {
  Path path{"input", name};
  const Type::Field* known = wanted.find_field(name);
  if (!known) {
    scope_.fault(index, {path,
                         {},
                         whom + " has no input '" + name + "'; it takes " + fields_text(wanted),
                         near_hint(name, wanted.field_names()),
                         true});
    expressions_.infer(index, field, nullptr, path);
    return;
  }
  expressions_.expect(index, known->type, expressions_.infer(index, field, &known->type, path), path,
                      "input '" + name + "' of " + whom, field);
}

void StageCheck::check_fallback(uint16_t index, const StageDescription& stage) {
  if (!stage.fallback) return;
  Node& node = scope_.graph.nodes[index];
  node.fallback = adapt(*stage.fallback, node.output, scope_.writer);
  const Status fits = node.output.check(node.fallback.view());
  if (fits.ok()) return;
  const Error& error = fits.error();
  Path path{"fallback"};
  // "/alternatives/0" -> the keys on the way
  for (size_t start = 1; start < error.object.size() + 1 && !error.object.empty();) {
    const size_t end = std::min(error.object.find('/', start), error.object.size());
    path.push_back(error.object.substr(start, end - start));
    start = end + 1;
  }
  scope_.fault(index,
               {path,
                {},
                "the fallback is not what " + method_text(node, stage.component) + " returns: " + fits.to_string(),
                "it returns " + node.output.to_string()});
}

void StageCheck::settle_absence(uint16_t index, const StageDescription& stage) {
  Node& node = scope_.graph.nodes[index];
  const StageDescription* group = group_of(index);
  const bool raced = group && group->join != Join::all;
  const bool tolerated = stage.optional || (group && group->on_error == OnError::partial);
  node.may_be_absent = raced || (tolerated && !stage.fallback);
}

const StageDescription* StageCheck::group_of(uint16_t index) const {
  const uint16_t group = scope_.graph.nodes[index].group;
  return group == Node::kNone ? nullptr : scope_.origins[group].stage;
}

// The value of join = "any" is the winner's.
void StageCheck::check_group(uint16_t index) {
  Node& node = scope_.graph.nodes[index];
  const Group& group = *node.as_group();
  node.may_be_absent = group.join != Join::any || group.on_error == OnError::partial;
  if (group.join != Join::any || group.members.empty()) return;
  for (const uint16_t candidate : group.members) {
    const Type& type = scope_.graph.nodes[candidate].output;
    const bool fits_all = std::all_of(group.members.begin(), group.members.end(), [&](uint16_t member) {
      return scope_.graph.nodes[member].output.kind() != Kind::any && type.accepts(scope_.graph.nodes[member].output);
    });
    if (!fits_all) continue;
    node.output = type;
    return;
  }
  node.output = Type();
}

}  // namespace dormouse
