#include "graph/check.h"

#include <algorithm>
#include <map>

#include "base/units.h"
#include "graph/check_expressions.h"
#include "graph/check_policies.h"
#include "graph/check_scope.h"
#include "graph/check_stages.h"

namespace dormouse {
namespace {

// One pipeline on its way to a graph.
class PipelineCheck {
 public:
  PipelineCheck(const PipelineDescription& from, const std::vector<CachePolicy>& caches, Callees& callees,
                ScriptErrors& errors, std::vector<FunctionName>& functions)
      : scope_{from, caches, callees, errors, functions} {}

  CheckedPipeline run() {
    scope_.graph.name = scope_.from.name;
    scope_.graph.deadline = scope_.from.deadline.value_or(kDeadlineDefault);
    scope_.graph.input = scope_.from.input;
    for (const PipelineScope::Fault& fault : scope_.from.faults) scope_.errors.add(scope_.from.call, fault);
    place_stages();
    StageCheck stages(scope_);
    for (size_t i = 0; i < scope_.graph.nodes.size(); ++i) stages.run(static_cast<uint16_t>(i));
    note_components_called_at_misses();
    check_output();
    check_timeouts();
    link_readers();
    warn_unread();
    fill_info();
    return std::move(scope_.made);
  }

 private:
  void place_stages() {
    size_t entry = 0;
    for (const auto& stage : scope_.from.stages) {
      if (stage->group)
        place_group(*stage, entry);
      else
        place(*stage, entry, stage->name);
      ++entry;
    }
  }

  uint16_t place(const StageDescription& stage, size_t entry, const std::string& path) {
    PipelineScope::Origin origin{&stage, stage.call, entry};
    origin.call.stage = scope_.from.name + "/" + path;
    for (const PipelineScope::Fault& fault : stage.faults) scope_.errors.add(origin.call, fault);
    if (scope_.by_name(stage.name))
      scope_.errors.add(origin.call, {{}, {}, "a second stage named '" + stage.name + "' in this pipeline", {}});
    Node node;
    node.name = stage.name;
    node.path = path;
    node.line = stage.call.line;
    node.optional = stage.optional;
    node.timeout = stage.timeout;
    scope_.graph.nodes.push_back(std::move(node));
    scope_.origins.push_back(std::move(origin));
    return static_cast<uint16_t>(scope_.graph.nodes.size() - 1);
  }

  void place_group(const StageDescription& group, size_t entry) {
    std::vector<uint16_t> members;
    for (const auto& member : group.members) members.push_back(place(*member, entry, group.name + "/" + member->name));
    const uint16_t index = place(group, entry, group.name);
    size_t needed = 0;
    for (const auto& member : group.members) needed += !member->optional;
    if (group.join != Join::all) needed = group.join == Join::any ? 1 : group.quorum;
    for (const uint16_t member : members) scope_.graph.nodes[member].group = index;
    scope_.graph.nodes[index].kind =
        Group{group.join, group.on_error, static_cast<uint16_t>(needed), std::move(members)};
  }

  // A hit needs no component: those that are called at misses only are neither held nor fetched ahead.
  void note_components_called_at_misses() {
    scope_.graph.called_at_misses.assign(scope_.graph.components.size(), true);
    for (const Node& node : scope_.graph.nodes) {
      const ComponentCall* call = node.as_component();
      if (call && !node.cache && call->component < scope_.graph.components.size())
        scope_.graph.called_at_misses[call->component] = false;
    }
  }

  void check_output() {
    if (!scope_.from.output) return;
    scope_.graph.output = *scope_.from.output;
    PipelineScope::Path path{"output"};
    scope_.graph.output_type =
        ExpressionCheck(scope_).infer(PipelineScope::kOutput, scope_.graph.output, nullptr, path).value_or(Type());
  }

  // Each stage waits for those it reads; the longest way through must fit.
  void check_timeouts() {
    std::vector<Duration> ends(scope_.graph.nodes.size());
    for (uint16_t i = 0; i < scope_.graph.nodes.size(); ++i) {
      const Node& node = scope_.graph.nodes[i];
      Duration begins{};
      for (const uint16_t other : node.waits_for) begins = std::max(begins, ends[other]);
      if (const Group* group = node.as_group())
        for (const uint16_t member : group->members) begins = std::max(begins, ends[member]);
      ends[i] = begins + node.timeout.value_or(Duration::zero());
      if (!node.timeout || ends[i] <= scope_.graph.deadline) continue;
      std::string message = "timeout " + format_duration(*node.timeout);
      if (begins > Duration::zero()) message += " after " + format_duration(begins) + " of the stages it waits for";
      scope_.fault(
          i, {{"timeout"}, {}, message + " cannot fit the deadline of " + format_duration(scope_.graph.deadline), {}});
      return;
    }
  }

  void link_readers() {
    for (uint16_t i = 0; i < scope_.graph.nodes.size(); ++i)
      for (const uint16_t other : scope_.graph.nodes[i].waits_for) scope_.graph.nodes[other].readers.push_back(i);
  }

  static void collect_roots(const Expression& expression, std::vector<int>& roots) {
    if (expression.kind == Expression::Kind::reference) roots.push_back(expression.reference.node);
    for (const auto& [name, field] : expression.fields) collect_roots(field, roots);
    for (const Expression& item : expression.items) collect_roots(item, roots);
  }

  void warn_unread() {
    std::vector<int> read_by_output;
    collect_roots(scope_.graph.output, read_by_output);
    const auto in_output = [&](uint16_t node) {
      return std::find(read_by_output.begin(), read_by_output.end(), node) != read_by_output.end();
    };
    for (uint16_t i = 0; i < scope_.graph.nodes.size(); ++i) {
      const Node& node = scope_.graph.nodes[i];
      const bool raced = node.group != Node::kNone && scope_.graph.nodes[node.group].as_group()->join == Join::any;
      if (node.as_group() || raced || !node.readers.empty() || in_output(i)) continue;
      scope_.errors.warn(scope_.origins[i].call, {{}, {}, "nothing reads stage '" + node.name + "'", {}});
    }
  }

  void fill_info() {
    PipelineInfo& info = scope_.made.info;
    info.name = scope_.from.name;
    info.file = scope_.from.call.source->name();
    info.input = scope_.graph.input;
    info.output = scope_.graph.output_type;
    info.deadline = scope_.graph.deadline;
    info.components = scope_.graph.components;
    uint16_t listed_group = Node::kNone;
    for (const Node& node : scope_.graph.nodes) {
      if (node.as_group()) continue;
      if (node.group != Node::kNone && node.group != listed_group) {  // before its members, as in the script
        info.stages.push_back({scope_.graph.nodes[node.group].path, "parallel", {}, {}, {}});
        listed_group = node.group;
      }
      PipelineInfo::Stage stage{node.path, node.is_function() ? "function" : "component", {}, {}, {}};
      if (node.cache) stage.cache = node.cache->policy.name;
      const ComponentCall* call = node.as_component();
      if (call && call->component < scope_.graph.components.size()) {
        stage.component = scope_.graph.components[call->component];
        stage.method = call->method.method ? call->method.method->name : call->method_name;
      }
      info.stages.push_back(std::move(stage));
    }
  }

  PipelineScope scope_;
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
    for (const ScriptErrors::Fault& fault : stage->faults) errors.add(stage->call, fault);
    errors.add(stage->call, {{}, {}, "stage '" + stage->name + "' is in no pipeline", {}});
  }
  checked.pools = check_pools(description, callees, errors);
  return checked;
}

}  // namespace dormouse
