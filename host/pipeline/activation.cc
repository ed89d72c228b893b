#include "pipeline/activation.h"

#include <algorithm>
#include <utility>

namespace dormouse {
namespace {

bool calls(const Node& node, uint16_t component) {
  const ComponentCall* call = node.as_component();
  return call && call->component == component;
}

}  // namespace

void Activation::begin() {
  graph_ = &request_.pipeline->graph;
  const std::vector<Node>& nodes = graph().nodes;
  values_.resize(nodes.size());
  runs_.resize(std::max(runs_.size(), nodes.size()));
  open_ = nodes.size();
  for (uint16_t i = 0; i < nodes.size(); ++i) {
    const Node& node = nodes[i];
    NodeRun& run = runs_[i];
    run.phase = NodeRun::Phase::waiting;
    run.in_fallback = false;
    run.user_counted = node.as_component() != nullptr;
    run.inputs_missing = static_cast<uint16_t>(node.waits_for.size());
    run.fault = FaultOf::host;
    run.cache_result = CacheResult::none;
    run.times = StageTimes();
    run.timeout.begin(node.timeout.value_or(Duration::zero()));
    if (const Group* group = node.as_group())
      run.group.begin(graph(), *group);
    else if (run.inputs_missing == 0)
      ready_.push_back(i);
  }
}

void Activation::clear() {
  values_.clear();
  ready_.clear();
  ready_next_ = 0;
  open_ = 0;
}

void Activation::hold_components() {
  const CompiledPipeline& pipeline = *request_.pipeline;
  request_.leases.begin(pipeline.callees, graph().component_users);
  for (uint16_t c = 0; c < pipeline.callees.size(); ++c) {
    if (graph().called_at_misses[c] && may_hit(c)) continue;
    if (request_.leases.try_hold(c)) continue;
    const bool now =
        std::any_of(ready_.begin(), ready_.end(), [&](uint16_t node) { return calls(graph().nodes[node], c); });
    request_.leases.demand(c, now ? "request" : "prefetch", {tools_.arrivals, tools_.loop, address(0)});
  }
}

// Whether the stages that call this component may do without it. A cache that is not in memory has nothing: then the
// component is fetched ahead like any other, and a cold pipeline still costs its slowest load.
bool Activation::may_hit(uint16_t component) const {
  for (size_t i = 0; i < graph().nodes.size(); ++i) {
    const Cache* cache = request_.pipeline->caches[i];
    if (calls(graph().nodes[i], component) && cache && cache->is_in_memory()) return true;
  }
  return false;
}

std::optional<uint16_t> Activation::next_ready() {
  if (ready_next_ == ready_.size()) return std::nullopt;
  return ready_[ready_next_++];
}

void Activation::notify_readers(uint16_t node) {
  for (const uint16_t reader : graph().nodes[node].readers)
    if (--runs_[reader].inputs_missing == 0) ready_.push_back(reader);
}

// ---- the end of a stage ----

void Activation::end(uint16_t index, Outcome outcome, Value value, Status error) {
  const Node& node = graph().nodes[index];
  NodeRun& run = runs_[index];
  stop(index);
  run.error = Status();
  values_[index] = std::move(value);
  --open_;
  count(index, outcome);
  const bool failed = outcome == Outcome::error || outcome == Outcome::timeout;
  if (failed || outcome == Outcome::fallback) request_.degraded = true;
  const bool alone = node.group == Node::kNone;
  if (failed && alone && !node.optional) {
    Error ended = error.error();
    ended.object = failed_object(index, ended);
    request_.fail(Status(std::move(ended)), run.fault);
  }
  const Status for_group = alone ? Status() : error;
  trace(index, outcome, std::move(error));
  if (request_.finished) return;
  notify_readers(index);
  if (!alone) tell_group(index, outcome, for_group);
}

void Activation::stop(uint16_t index) {
  NodeRun& run = runs_[index];
  ++run.attempt;
  run.timeout.stop(tools_.loop);
  run.call.cancel();
  if (run.phase == NodeRun::Phase::cold) run.times.cold += tools_.loop.now() - run.cold_since;
  if (run.cached) {
    run.cached->leave();
    run.cached.reset();
  }
  close_function(index);
  release_user(index);
  run.phase = NodeRun::Phase::ended;
}

void Activation::release_user(uint16_t index) {
  if (std::exchange(runs_[index].user_counted, false))
    request_.leases.release_user(graph().nodes[index].as_component()->component);
}

void Activation::close_function(uint16_t index) {
  NodeRun& run = runs_[index];
  if (!run.function) return;
  LoopScripts& scripts = request_.scripts(tools_);
  run.function->close(scripts, functions_.cpu_max());
  run.function.reset();
  functions_.clean_later(request_.hold, scripts);
}

// Members of a group that has begun and not reached them are skipped. Other stages that have not begun have no outcome.
void Activation::stop_all() {
  const std::vector<Node>& nodes = graph().nodes;
  for (uint16_t i = 0; i < nodes.size(); ++i) {
    const bool skipped =
        runs_[i].phase == NodeRun::Phase::waiting && nodes[i].group != Node::kNone && has_begun(nodes[i].group);
    if (!skipped && !runs_[i].is_running()) continue;
    const Outcome outcome = skipped ? Outcome::skipped : Outcome::cancelled;
    stop(i);
    count(i, outcome);
    trace(i, outcome, Status());
  }
  for (uint16_t i = 0; i < nodes.size(); ++i)
    if (runs_[i].phase != NodeRun::Phase::ended) stop(i);
}

void Activation::trace(uint16_t index, Outcome outcome, Status&& error) {
  const NodeRun& run = runs_[index];
  const bool found = run.cache_result == CacheResult::hit || run.cache_result == CacheResult::negative;
  request_.trace.push_back({graph().nodes[index].path, outcome, run.times.cold, run.times.queued, run.times.ran,
                            std::move(error), run.cache_result,
                            found ? request_.pipeline->caches[index]->store() : std::string()});
}

// A stage that never ran, or was found in a cache, has no time to be counted.
void Activation::count(uint16_t index, Outcome outcome) const {
  StageCells& counted = cells(index);
  counted.count(outcome);
  if (outcome == Outcome::ok && values_[index]) counted.count_result(values_[index].bytes().size());
  const NodeRun& run = runs_[index];
  // The time of a call that others waited for is its leader's.
  if (run.cache_result == CacheResult::hit || run.cache_result == CacheResult::coalesced) return;
  if (outcome == Outcome::ok || run.times.ran > Duration::zero()) counted.ran.observe_alone(run.times.ran);
}

std::string Activation::open_stages() const {
  std::string open;
  for (size_t i = 0; i < graph().nodes.size(); ++i) {
    if (graph().nodes[i].as_group() || !runs_[i].is_running()) continue;
    open += (open.empty() ? "'" : ", '") + graph().nodes[i].name + "'" +
            (runs_[i].phase == NodeRun::Phase::cold ? " (loading)" : "");
  }
  return open;
}

// What the request's error is about: the stage, and in it what the stage's own error names. A wrong input is a fault of
// the script, so it says where the stage stands and which component refused.
std::string Activation::failed_object(uint16_t index, const Error& error) const {
  const Node& node = graph().nodes[index];
  const std::string stage = stage_object(graph(), index);
  const bool of_its_function = error.object.starts_with(stage);
  std::string within = of_its_function ? error.object.substr(stage.size()) : error.object;
  if (within.starts_with(", ")) within.erase(0, 2);
  std::string object = stage;
  if (error.code == Code::invalid_argument) {
    object += " (" + request_.pipeline->info().file + ":" + std::to_string(node.line) + ")";
    const bool named = of_its_function || within.starts_with("component '") || within.starts_with("plugin");
    if (const ComponentCall* call = node.as_component(); call && !named)
      object += ", component '" + graph().components[call->component] + "'";
  }
  return within.empty() ? object : object + ", " + within;
}

// ---- groups ----

void Activation::tell_group(uint16_t member, Outcome outcome, const Status& error) {
  const uint16_t index = graph().nodes[member].group;
  NodeRun& run = runs_[index];
  if (run.phase == NodeRun::Phase::ended) return;
  if (outcome == Outcome::error || outcome == Outcome::timeout) run.group.failed({member, error, runs_[member].fault});
  switch (run.group.member_ended(graph(), *graph().nodes[index].as_group(), member, outcome)) {
    case GroupRun::Verdict::goes_on:
      return;
    case GroupRun::Verdict::met:
      return end_group(index, true);
    case GroupRun::Verdict::missed:
      return end_group(index, false);
  }
}

void Activation::end_group(uint16_t index, bool met) {
  NodeRun& run = runs_[index];
  const Group& group = *graph().nodes[index].as_group();
  run.phase = NodeRun::Phase::ended;
  --open_;
  cancel_members(index);
  if (!met && group.on_error == OnError::fail_fast) return fail_with_group(index);
  if (!met) request_.degraded = true;
  if (group.join == Join::any) {
    uint16_t winner = run.group.winner();
    for (size_t i = 0; i < group.members.size() && winner == Node::kNone; ++i)
      if (values_[group.members[i]]) winner = group.members[i];
    if (winner != Node::kNone) values_[index] = values_[winner];
  }
  notify_readers(index);
}

void Activation::fail_with_group(uint16_t index) {
  const GroupRun::Failure& failure = runs_[index].group.failure();
  if (failure.member == Node::kNone)
    return request_.fail(Error{
        .code = Code::internal, .message = "too few of its stages ended well", .object = stage_object(graph(), index)});
  Error error = failure.error.error();
  error.object = failed_object(failure.member, error);
  request_.fail(Status(std::move(error)), failure.fault);
}

void Activation::cancel_members(uint16_t group) {
  for (const uint16_t member : graph().nodes[group].as_group()->members) {
    const NodeRun::Phase phase = runs_[member].phase;
    if (phase == NodeRun::Phase::ended) continue;
    end(member, phase == NodeRun::Phase::waiting ? Outcome::skipped : Outcome::cancelled, Value(), Status());
  }
}

bool Activation::has_begun(uint16_t group) const {
  const std::vector<uint16_t>& members = graph().nodes[group].as_group()->members;
  return std::any_of(members.begin(), members.end(),
                     [&](uint16_t member) { return runs_[member].phase != NodeRun::Phase::waiting; });
}

}  // namespace dormouse
