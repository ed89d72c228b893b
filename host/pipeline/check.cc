#include "pipeline/check.h"

#include <algorithm>
#include <map>

#include "base/units.h"
#include "pipeline/check_policies.h"
#include "pipeline/lua_value.h"

namespace dormouse {
namespace {

using Fault = ScriptErrors::Fault;
using Path = std::vector<std::string>;
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

std::string method_text(const Node& node, const std::string& component) {
  const std::string text = "component '" + component + "'";
  return node.method_name.empty() ? text : "method '" + node.method_name + "' of " + text;
}

// "text: string, top: int?"
std::string fields_text(const Type& record) {
  std::string text;
  for (const Type::Field& field : record.fields())
    text += (text.empty() ? "" : ", ") + field.name + ": " + field.type.to_string();
  return text.empty() ? "nothing" : text;
}

// One pipeline on its way to a graph.
class PipelineCheck {
 public:
  PipelineCheck(const PipelineDescription& from, const std::vector<CachePolicy>& caches, Callees& callees,
                ScriptErrors& errors, std::vector<FunctionName>& functions)
      : from_(from), caches_(caches), callees_(callees), errors_(errors), functions_(functions) {}

  CheckedPipeline run() {
    graph_.name = from_.name;
    graph_.deadline = from_.deadline.value_or(kDeadlineDefault);
    graph_.input = from_.input;
    for (const Fault& fault : from_.faults) errors_.add(from_.call, fault);
    place_stages();
    for (size_t i = 0; i < graph_.nodes.size(); ++i) check_node(static_cast<uint16_t>(i));
    note_components_called_at_misses();
    check_output();
    check_timeouts();
    link_readers();
    warn_unread();
    fill_info();
    return std::move(made_);
  }

 private:
  // Where a node comes from.
  struct Origin {
    const StageDescription* stage;
    ScriptCall call;
    size_t entry;  // of the pipeline: a node reads only what belongs to earlier entries
  };

  // ---- which nodes there are ----

  void place_stages() {
    size_t entry = 0;
    for (const auto& stage : from_.stages) {
      if (stage->group)
        place_group(*stage, entry);
      else
        place(*stage, entry, stage->name);
      ++entry;
    }
  }

  uint16_t place(const StageDescription& stage, size_t entry, const std::string& path) {
    Origin origin{&stage, stage.call, entry};
    origin.call.stage = from_.name + "/" + path;
    for (const Fault& fault : stage.faults) errors_.add(origin.call, fault);
    if (by_name(stage.name))
      errors_.add(origin.call, {{}, {}, "a second stage named '" + stage.name + "' in this pipeline", {}});
    Node node;
    node.name = stage.name;
    node.path = path;
    node.line = stage.call.line;
    node.optional = stage.optional;
    node.timeout = stage.timeout;
    graph_.nodes.push_back(std::move(node));
    origins_.push_back(std::move(origin));
    return static_cast<uint16_t>(graph_.nodes.size() - 1);
  }

  void place_group(const StageDescription& group, size_t entry) {
    std::vector<uint16_t> members;
    for (const auto& member : group.members) members.push_back(place(*member, entry, group.name + "/" + member->name));
    const uint16_t index = place(group, entry, group.name);
    Node& node = graph_.nodes[index];
    node.kind = Node::Kind::group;
    node.join = group.join;
    node.on_error = group.on_error;
    node.members = members;
    size_t needed = 0;
    for (const auto& member : group.members) needed += !member->optional;
    node.needed = static_cast<uint16_t>(group.join == Join::all ? needed : group.join == Join::any ? 1 : group.quorum);
    for (const uint16_t member : members) graph_.nodes[member].group = index;
  }

  const Node* by_name(std::string_view name) const {
    for (const Node& node : graph_.nodes)
      if (node.name == name) return &node;
    return nullptr;
  }

  // ---- one node ----

  void fault(uint16_t node, Fault fault) { errors_.add(origins_[node].call, std::move(fault)); }

  void check_node(uint16_t index) {
    Node& node = graph_.nodes[index];
    const StageDescription& stage = *origins_[index].stage;
    if (stage.group) return check_group(index);
    const bool component = !stage.component.empty();
    const bool function = stage.functions[kRunSlot] != kNoFunction;
    node.kind = function && !component ? Node::Kind::function : Node::Kind::component;
    number_functions(index, stage);
    wait_for_function(index, stage);
    if (component && function) {
      fault(index, {{"run"}, {}, "stage '" + node.name + "' has both a component and a run function", {}, true});
    } else if (function) {
      check_function(index, stage);
    } else if (component) {
      check_component(index, stage);
    } else if (stage.faults.empty()) {
      fault(index, {{}, {}, "stage '" + node.name + "' has neither a component nor a run function", {}});
    }
    if (stage.cache) check_cache(index, *stage.cache);
    check_fallback(index, stage);
    settle_absence(index, stage);
  }

  void number_functions(uint16_t index, const StageDescription& stage) {
    Node& node = graph_.nodes[index];
    for (size_t slot = 0; slot < kFunctionSlots; ++slot) {
      if (stage.functions[slot] == kNoFunction) continue;
      node.functions[slot] = static_cast<uint32_t>(functions_.size());
      functions_.push_back({from_.name, node.path, static_cast<FunctionSlot>(slot)});
    }
  }

  // A function may read everything before it, so it waits for all of that. (A fallback reads what its stage waited
  // for.)
  void wait_for_function(uint16_t index, const StageDescription& stage) {
    if (stage.functions[kRunSlot] == kNoFunction && stage.functions[kInputSlot] == kNoFunction) return;
    for (uint16_t other = 0; other < graph_.nodes.size(); ++other)
      if (origins_[other].entry < origins_[index].entry) wait_for(index, other);
  }

  void wait_for(uint16_t index, uint16_t other) {
    auto& waits = graph_.nodes[index].waits_for;
    if (std::find(waits.begin(), waits.end(), other) == waits.end()) waits.push_back(other);
  }

  void check_function(uint16_t index, const StageDescription& stage) {
    for (const auto& [key, given] : {std::pair("method", !stage.method.empty()),
                                     std::pair("input", stage.input || stage.functions[kInputSlot] != kNoFunction)})
      if (given)
        fault(index,
              {{key}, {}, std::string("'") + key + "' goes with a component; a run function reads its ctx", {}, true});
  }

  void check_component(uint16_t index, const StageDescription& stage) {
    Node& node = graph_.nodes[index];
    node.method_name = stage.method;
    Callee* callee = callees_.find(stage.component);
    if (!callee) {
      unknown_component(index, {"component"}, stage.component);
      infer_input_anyway(index, stage);
      return;
    }
    node.component = component_index(callee);
    const Result<Callee::Described> described = callee->describe();
    if (!described.ok()) {
      note_problem(index, stage.component, described.status());
      infer_input_anyway(index, stage);
      return;
    }
    const MethodManifest* method = find_method(index, stage, *described);
    if (!method) return infer_input_anyway(index, stage);
    node.method = MethodRef{nullptr, described->manifest, method,
                            static_cast<uint32_t>(method - described->type->methods.data())};
    node.input_type = method->input;
    node.output = method->output;
    check_input(index, stage, *method);
  }

  void unknown_component(uint16_t index, Path path, const std::string& name) {
    std::string hint = near_hint(name, callees_.names());
    if (hint.empty() && callees_.names().empty()) hint = "none is configured: add it under components";
    if (hint.empty()) hint = "configured are " + quoted_list(callees_.names());
    fault(index, {std::move(path), name, "unknown component '" + name + "'", std::move(hint)});
  }

  uint16_t component_index(Callee* callee) {
    const auto known = std::find(made_.callees.begin(), made_.callees.end(), callee);
    const auto index = static_cast<uint16_t>(known - made_.callees.begin());
    if (known == made_.callees.end()) {
      made_.callees.push_back(callee);
      graph_.components.push_back(callee->name());
      graph_.component_users.push_back(0);
    }
    ++graph_.component_users[index];
    return index;
  }

  // Not the script's fault: the other pipelines go on, and this one may be well by the time it is called.
  void note_problem(uint16_t index, const std::string& component, const Status& cause) {
    const std::string object = "component '" + component + "'";
    errors_.warn(origins_[index].call,
                 {{"component"}, component, object + " cannot be used now: " + cause.to_string_within(object), {}});
    if (!made_.info.problem.ok()) return;
    Error error = cause.error();
    error.code = Code::load_failed;
    const bool named = error.object.empty() || error.object == object;
    error.message = "cannot be described: " + (named ? "" : error.object + ": ") + error.message;
    error.object = object;
    made_.info.problem = Status(std::move(error));
  }

  const MethodManifest* find_method(uint16_t index, const StageDescription& stage, const Callee::Described& described) {
    const TypeManifest& type = *described.type;
    std::vector<std::string> names;
    for (const MethodManifest& method : type.methods)
      if (!method.offline) names.push_back(method.name);
    const std::string name = stage.method.empty() ? type.default_method : stage.method;
    if (name.empty()) {
      fault(index, {{"component"},
                    stage.component,
                    "component '" + stage.component + "' has several methods and no default",
                    "add method = one of " + quoted_list(names)});
      return nullptr;
    }
    const MethodManifest* method = type.find_method(name);
    if (!method) {
      std::string hint = near_hint(name, names);
      if (hint.empty()) hint = "it has " + quoted_list(names);
      fault(index,
            {{"method"}, name, "component '" + stage.component + "' has no method '" + name + "'", std::move(hint)});
    } else if (method->offline) {
      fault(index, {{"method"},
                    name,
                    "method '" + name + "' of component '" + stage.component + "' is offline: pipelines cannot call it",
                    {}});
      return nullptr;
    }
    return method;
  }

  // ---- inputs ----

  // Resolves the references of an input whose wanted type is unknown.
  void infer_input_anyway(uint16_t index, const StageDescription& stage) {
    if (!stage.input) return;
    Path path{"input"};
    graph_.nodes[index].input = *stage.input;
    infer(index, graph_.nodes[index].input, nullptr, path);
  }

  void check_input(uint16_t index, const StageDescription& stage, const MethodManifest& method) {
    Node& node = graph_.nodes[index];
    if (stage.functions[kInputSlot] != kNoFunction) return;
    const std::string whom = method_text(node, stage.component);
    if (stage.input) {
      node.input = *stage.input;
    } else {
      node.input.kind = Expression::Kind::map;
    }
    const Type& wanted = method.input;
    Path path{"input"};
    if (node.input.kind == Expression::Kind::reference || wanted.kind() != Kind::record) {
      expect(index, wanted, infer(index, node.input, &wanted, path), path, "input of " + whom, node.input);
      return;
    }
    if (node.input.kind == Expression::Kind::constant) spread_constant(node.input);
    for (auto& [name, field] : node.input.fields) check_input_field(index, wanted, whom, name, field);
    for (const Type::Field& field : wanted.fields()) {
      const bool given = std::any_of(node.input.fields.begin(), node.input.fields.end(),
                                     [&](const auto& entry) { return entry.name == field.name; });
      if (!given && !field.type.is_optional())
        fault(index, {stage.input ? Path{"input"} : Path{},
                      {},
                      whom + " needs input '" + field.name + "': " + field.type.to_string(),
                      {}});
    }
    std::stable_sort(node.input.fields.begin(), node.input.fields.end(),
                     [&](const auto& a, const auto& b) { return position(wanted, a.name) < position(wanted, b.name); });
  }

  // Fields in the order of the type are found at once by whoever checks or reads them.
  static size_t position(const Type& record, const std::string& name) {
    const Type::Field* field = record.find_field(name);
    return field ? static_cast<size_t>(field - record.fields().data()) : record.fields().size();
  }

  // A constant table as a table of constants, so that each field is checked by its own name.
  static void spread_constant(Expression& expression) {
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

  void check_input_field(uint16_t index, const Type& wanted, const std::string& whom, const std::string& name,
                         Expression& field) {
    Path path{"input", name};
    const Type::Field* known = wanted.find_field(name);
    if (!known) {
      fault(index, {path,
                    {},
                    whom + " has no input '" + name + "'; it takes " + fields_text(wanted),
                    near_hint(name, wanted.field_names()),
                    true});
      infer(index, field, nullptr, path);
      return;
    }
    expect(index, known->type, infer(index, field, &known->type, path), path, "input '" + name + "' of " + whom, field);
  }

  // `found` where `wanted` is wanted. nullopt: something was wrong with it already.
  void expect(uint16_t index, const Type& wanted, const std::optional<Type>& found, const Path& path,
              const std::string& what, const Expression& expression) {
    std::string why;
    if (expression.kind == Expression::Kind::constant) {
      const Status fits = wanted.check(expression.constant.view());
      if (!fits.ok()) fault(index, {path, {}, what + ": " + fits.to_string(), {}});
      return;
    }
    if (!found || wanted.accepts(*found, &why)) return;
    std::string hint;
    if (expression.kind == Expression::Kind::reference && found->is_optional() && wanted.accepts(found->required()))
      hint = "write " + expression.reference.to_string() + ":default(...)";
    fault(index, {path, {}, what + ": " + why, std::move(hint)});
  }

  // ---- expressions ----

  // The type of an expression; resolves its references, and decides by `wanted` what Lua cannot tell apart. nullopt
  // when a fault was found inside.
  std::optional<Type> infer(uint16_t reader, Expression& expression, const Type* wanted, Path& path) {
    switch (expression.kind) {
      case Expression::Kind::constant:
        if (wanted) expression.constant = adapt(expression.constant, *wanted, writer_);
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

  std::optional<Type> infer_list(uint16_t reader, Expression& expression, const Type* wanted, Path& path) {
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

  std::optional<Type> infer_map(uint16_t reader, Expression& expression, const Type* wanted, Path& path) {
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
    return known ? std::optional<Type>(Type::record(std::move(fields))) : std::nullopt;
  }

  // ---- references ----

  static constexpr uint16_t kOutput = UINT16_MAX;  // as a reader: the pipeline's output

  void reader_fault(uint16_t reader, Fault fault) {
    errors_.add(reader == kOutput ? from_.call : origins_[reader].call, std::move(fault));
  }

  std::optional<Type> resolve(uint16_t reader, Reference& reference, const Path& path) {
    if (reference.root.empty()) return std::nullopt;  // told when it was read
    Type type = graph_.input;
    if (reference.root == "request") {
      reference.node = Reference::kRequest;
    } else {
      const Node* node = find_readable(reader, reference, path);
      if (!node) return std::nullopt;
      reference.node = static_cast<int>(node - graph_.nodes.data());
      if (reader != kOutput) wait_for(reader, static_cast<uint16_t>(reference.node));
      type = node->output;
      if (node->may_be_absent && !reference.fallback) {
        reader_fault(reader,
                     {path, reference.root, "stage '" + node->name + "' may be absent (" + why_absent(*node) + ")",
                      "write " + reference.to_string() + ":default(...)"});
        return std::nullopt;
      }
    }
    std::optional<Type> found = follow(reader, reference, type, path);
    if (found && reference.fallback) found = with_default(reader, reference, *found, path);
    return found;
  }

  std::string why_absent(const Node& node) const {
    if (node.kind == Node::Kind::group) return "on_error = \"partial\"";
    if (node.group != Node::kNone) {
      const Node& group = graph_.nodes[node.group];
      if (group.join == Join::any) return "join = \"any\"";
      if (group.join == Join::quorum) return "join = \"quorum\"";
      if (!node.optional) return "on_error = \"partial\"";
    }
    return "optional";
  }

  const Node* find_readable(uint16_t reader, const Reference& reference, const Path& path) {
    const Node* node = by_name(reference.root);
    const std::string who = reader == kOutput ? "" : graph_.nodes[reader].name;
    if (!node) {
      std::vector<std::string> names{"request"};
      for (const Node& known : graph_.nodes) names.push_back(known.name);
      reader_fault(reader, {path, reference.root, "unknown stage '" + reference.root + "' in " + reference.to_string(),
                            near_hint(reference.root, names)});
      return nullptr;
    }
    const auto index = static_cast<uint16_t>(node - graph_.nodes.data());
    if (index == reader) {
      reader_fault(reader, {path, reference.root, "stage '" + who + "' reads itself", {}});
      return nullptr;
    }
    if (reader != kOutput && origins_[index].entry == origins_[reader].entry) {
      reader_fault(reader,
                   {path, reference.root, "stage '" + who + "' reads '" + node->name + "', which runs beside it",
                    "list '" + node->name + "' before the parallel"});
      return nullptr;
    }
    if (reader != kOutput && origins_[index].entry > origins_[reader].entry) {
      reader_fault(reader,
                   {path, reference.root, "stage '" + who + "' reads '" + node->name + "', which comes after it",
                    "list '" + node->name + "' first"});
      return nullptr;
    }
    if (node->kind == Node::Kind::group && node->join != Join::any) {
      std::vector<std::string> members;
      for (const uint16_t member : node->members) members.push_back(graph_.nodes[member].name);
      reader_fault(reader, {path, reference.root, "parallel '" + node->name + "' has no value of its own",
                            "read its stages: " + quoted_list(members)});
      return nullptr;
    }
    return node;
  }

  std::optional<Type> follow(uint16_t reader, const Reference& reference, Type type, const Path& path) {
    std::string so_far = "ref." + reference.root;
    bool optional = false;
    for (const Reference::Step& step : reference.path) {
      optional = optional || type.is_optional();
      const bool element = step.field.empty();
      if (type.kind() == Kind::any) return optional ? Type().optional() : Type();
      if (type.kind() == Kind::record && !element) {
        const Type::Field* field = type.find_field(step.field);
        if (!field) {
          reader_fault(reader,
                       {path, step.field, so_far + " has no field '" + step.field + "'; it has " + fields_text(type),
                        near_hint(step.field, type.field_names())});
          return std::nullopt;
        }
        type = Type(field->type);
      } else if ((type.kind() == Kind::map && !element) || (type.kind() == Kind::list && element)) {
        type = type.element().optional();
      } else {
        reader_fault(reader, {path,
                              step.field,
                              so_far + " is " + type.to_string() + ": it has no " + (element ? "elements" : "fields"),
                              {}});
        return std::nullopt;
      }
      so_far += element ? "[" + std::to_string(step.index + 1) + "]" : "." + step.field;
    }
    return optional ? type.optional() : type;
  }

  std::optional<Type> with_default(uint16_t reader, Reference& reference, const Type& type, const Path& path) {
    const Type required = type.required();
    if (dm_kind(reference.fallback.view()) == DM_NULL) return type.optional();
    reference.fallback = adapt(reference.fallback, required, writer_);
    const Status fits = required.check(reference.fallback.view());
    if (fits.ok()) return required;
    reader_fault(
        reader,
        {path, "default", "the default of " + reference.to_string() + " does not fit: " + fits.to_string(), {}});
    return std::nullopt;
  }

  // ---- caches ----

  void check_cache(uint16_t index, const CacheUse& use) {
    Node& node = graph_.nodes[index];
    const auto policy =
        std::find_if(caches_.begin(), caches_.end(), [&](const CachePolicy& known) { return known.name == use.name; });
    if (policy == caches_.end()) {
      std::vector<std::string> names;
      for (const CachePolicy& known : caches_) names.push_back(known.name);
      std::string hint = near_hint(use.name, names);
      if (hint.empty())
        hint = names.empty() ? "declare it in a policy script: dm.cache(\"" + use.name + "\", { ... })"
                             : "declared are " + quoted_list(names);
      if (!use.name.empty()) fault(index, {{"cache"}, use.name, "unknown cache '" + use.name + "'", std::move(hint)});
      return;
    }
    StageCache cache;
    cache.policy = *policy;
    cache.policy.ttl = use.ttl.value_or(policy->ttl);
    if (use.negative_ttl) cache.policy.negative_ttl = use.negative_ttl;
    check_cache_key(index, use, cache);
    check_cache_tags(index, use, cache);
    check_cache_versions(index, use, cache);
    node.cache = std::move(cache);
  }

  // What a key without a name of its own stands for: the input of a method, whichever stage asks. Any other key means
  // something in its stage only.
  void check_cache_key(uint16_t index, const CacheUse& use, StageCache& cache) {
    const Node& node = graph_.nodes[index];
    if (use.key) {
      Path path{"cache", "key"};
      cache.key = use.key;
      infer(index, *cache.key, nullptr, path);
      cache.prefix = from_.name + '/' + node.path;
      return;
    }
    if (node.kind == Node::Kind::function)
      fault(index, {{"cache"},
                    {},
                    "a run function reads what it likes: its cache needs a key",
                    "write cache = { use = \"" + use.name + "\", key = { ref.request.text } }"});
    const MethodManifest* method = node.method.method;
    const bool known = node.component < graph_.components.size();
    cache.prefix = known ? graph_.components[node.component] : std::string();
    cache.prefix += '#';
    cache.prefix += method ? method->name : node.method_name;
  }

  void check_cache_tags(uint16_t index, const CacheUse& use, StageCache& cache) {
    cache.tags = use.tags;
    const Type text = named_type("string");
    for (size_t i = 0; i < cache.tags.size(); ++i) {
      Path path{"cache", "tags", std::to_string(i + 1)};
      expect(index, text, infer(index, cache.tags[i], &text, path), path, "a tag", cache.tags[i]);
      dm_string_view written{};
      if (cache.tags[i].kind == Expression::Kind::constant && cache.tags[i].constant &&
          dm_get_string(cache.tags[i].constant.view(), &written) && written.size > kCacheTagBytesMax)
        fault(index, {path, {}, "a tag has at most " + std::to_string(kCacheTagBytesMax) + " bytes", {}});
    }
    if (cache.tags.size() + cache.policy.tags.size() > kCacheTagsMax)
      fault(index, {{"cache", "tags"},
                    {},
                    "an entry has at most " + std::to_string(kCacheTagsMax) + " tags, with those of dm.cache",
                    {}});
  }

  // The method of a stage is known, and its version is in each key; of a function only its author knows what it calls.
  void check_cache_versions(uint16_t index, const CacheUse& use, StageCache& cache) {
    if (!use.versions_of.empty() && graph_.nodes[index].kind != Node::Kind::function)
      fault(index,
            {{"cache", "versions_of"},
             {},
             "'versions_of' is for what a run function calls; the version of this stage's component is in its key",
             "take it out"});
    for (size_t i = 0; i < use.versions_of.size(); ++i) {
      Callee* callee = callees_.find(use.versions_of[i]);
      if (callee)
        cache.versions_of.push_back(callee);
      else
        unknown_component(index, {"cache", "versions_of", std::to_string(i + 1)}, use.versions_of[i]);
    }
  }

  // A hit needs no component: those that are called at misses only are neither held nor fetched ahead.
  void note_components_called_at_misses() {
    graph_.called_at_misses.assign(graph_.components.size(), true);
    for (const Node& node : graph_.nodes)
      if (node.kind == Node::Kind::component && !node.cache && node.component < graph_.components.size())
        graph_.called_at_misses[node.component] = false;
  }

  // ---- fallback, absence, groups ----

  void check_fallback(uint16_t index, const StageDescription& stage) {
    if (!stage.fallback) return;
    Node& node = graph_.nodes[index];
    node.fallback = adapt(*stage.fallback, node.output, writer_);
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
    fault(index, {path,
                  {},
                  "the fallback is not what " + method_text(node, stage.component) + " returns: " + fits.to_string(),
                  "it returns " + node.output.to_string()});
  }

  void settle_absence(uint16_t index, const StageDescription& stage) {
    Node& node = graph_.nodes[index];
    const StageDescription* group = group_of(index);
    const bool raced = group && group->join != Join::all;
    const bool tolerated = stage.optional || (group && group->on_error == OnError::partial);
    node.may_be_absent = raced || (tolerated && !stage.fallback);
  }

  const StageDescription* group_of(uint16_t index) const {
    const uint16_t group = graph_.nodes[index].group;
    return group == Node::kNone ? nullptr : origins_[group].stage;
  }

  // The value of join = "any" is the winner's.
  void check_group(uint16_t index) {
    Node& node = graph_.nodes[index];
    node.may_be_absent = node.join != Join::any || node.on_error == OnError::partial;
    if (node.join != Join::any || node.members.empty()) return;
    for (const uint16_t candidate : node.members) {
      const Type& type = graph_.nodes[candidate].output;
      const bool fits_all = std::all_of(node.members.begin(), node.members.end(), [&](uint16_t member) {
        return graph_.nodes[member].output.kind() != Kind::any && type.accepts(graph_.nodes[member].output);
      });
      if (!fits_all) continue;
      node.output = type;
      return;
    }
    node.output = Type();
  }

  // ---- the whole ----

  void check_output() {
    if (!from_.output) return;
    graph_.output = *from_.output;
    Path path{"output"};
    graph_.output_type = infer(kOutput, graph_.output, nullptr, path).value_or(Type());
  }

  // Each stage waits for those it reads; the longest way through must fit.
  void check_timeouts() {
    std::vector<Duration> ends(graph_.nodes.size());
    for (uint16_t i = 0; i < graph_.nodes.size(); ++i) {
      const Node& node = graph_.nodes[i];
      Duration begins{};
      for (const uint16_t other : node.waits_for) begins = std::max(begins, ends[other]);
      for (const uint16_t member : node.members) begins = std::max(begins, ends[member]);
      ends[i] = begins + node.timeout.value_or(Duration::zero());
      if (!node.timeout || ends[i] <= graph_.deadline) continue;
      std::string message = "timeout " + format_duration(*node.timeout);
      if (begins > Duration::zero()) message += " after " + format_duration(begins) + " of the stages it waits for";
      fault(i, {{"timeout"}, {}, message + " cannot fit the deadline of " + format_duration(graph_.deadline), {}});
      return;
    }
  }

  void link_readers() {
    for (uint16_t i = 0; i < graph_.nodes.size(); ++i)
      for (const uint16_t other : graph_.nodes[i].waits_for) graph_.nodes[other].readers.push_back(i);
  }

  static void collect_roots(const Expression& expression, std::vector<int>& roots) {
    if (expression.kind == Expression::Kind::reference) roots.push_back(expression.reference.node);
    for (const auto& [name, field] : expression.fields) collect_roots(field, roots);
    for (const Expression& item : expression.items) collect_roots(item, roots);
  }

  void warn_unread() {
    std::vector<int> read_by_output;
    collect_roots(graph_.output, read_by_output);
    const auto in_output = [&](uint16_t node) {
      return std::find(read_by_output.begin(), read_by_output.end(), node) != read_by_output.end();
    };
    for (uint16_t i = 0; i < graph_.nodes.size(); ++i) {
      const Node& node = graph_.nodes[i];
      const bool raced = node.group != Node::kNone && graph_.nodes[node.group].join == Join::any;
      if (node.kind == Node::Kind::group || raced || !node.readers.empty() || in_output(i)) continue;
      errors_.warn(origins_[i].call, {{}, {}, "nothing reads stage '" + node.name + "'", {}});
    }
  }

  void fill_info() {
    PipelineInfo& info = made_.info;
    info.name = from_.name;
    info.file = from_.call.source->name();
    info.input = graph_.input;
    info.output = graph_.output_type;
    info.deadline = graph_.deadline;
    info.components = graph_.components;
    constexpr const char* kKinds[] = {"component", "function", "parallel"};
    uint16_t listed_group = Node::kNone;
    for (const Node& node : graph_.nodes) {
      if (node.kind == Node::Kind::group) continue;
      if (node.group != Node::kNone && node.group != listed_group) {  // before its members, as in the script
        info.stages.push_back({graph_.nodes[node.group].path, kKinds[2], {}, {}, {}});
        listed_group = node.group;
      }
      PipelineInfo::Stage stage{node.path, kKinds[static_cast<size_t>(node.kind)], {}, {}, {}};
      if (node.cache) stage.cache = node.cache->policy.name;
      if (node.kind == Node::Kind::component && node.component < graph_.components.size()) {
        stage.component = graph_.components[node.component];
        stage.method = node.method.method ? node.method.method->name : node.method_name;
      }
      info.stages.push_back(std::move(stage));
    }
  }

  const PipelineDescription& from_;
  const std::vector<CachePolicy>& caches_;
  Callees& callees_;
  ScriptErrors& errors_;
  std::vector<FunctionName>& functions_;
  CheckedPipeline made_;
  Graph& graph_ = made_.graph;
  std::vector<Origin> origins_;  // by Graph::nodes
  ValueWriter writer_;
};

}  // namespace

Checked check(const ScriptDescription& description, Callees& callees, ScriptErrors& errors) {
  Checked checked;
  checked.caches = check_caches(description, callees, errors);
  std::map<std::string, const PipelineDescription*> names;
  for (const auto& pipeline : description.pipelines) {
    const auto [known, added] = names.emplace(pipeline->name, pipeline.get());
    if (!added)
      errors.add(pipeline->call,
                 {{},
                  {},
                  "a second pipeline named '" + pipeline->name + "'; the first is in " +
                      known->second->call.source->name() + ":" + std::to_string(known->second->call.line),
                  {}});
    checked.pipelines.push_back(PipelineCheck(*pipeline, checked.caches, callees, errors, checked.functions).run());
  }
  for (const auto& stage : description.stages) {
    if (stage->listed) continue;
    for (const Fault& fault : stage->faults) errors.add(stage->call, fault);
    errors.add(stage->call, {{}, {}, "stage '" + stage->name + "' is in no pipeline", {}});
  }
  checked.pools = check_pools(description, callees, errors);
  return checked;
}

}  // namespace dormouse
