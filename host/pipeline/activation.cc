#include "pipeline/activation.h"

#include <algorithm>
#include <utility>

#include "base/object_names.h"

namespace dormouse {
namespace {

bool calls(const Node& node, uint16_t component) {
  const ComponentCall* call = node.as_component();
  return call && call->component == component;
}

}  // namespace

// ---- free ones ----

ActivationPtr ActivationList::take(const GraphPlan& plan) {
  std::unique_ptr<Activation> taken = std::move(first_);
  if (taken) {
    first_ = std::move(taken->next_free_);
    --free_;
  } else {
    taken = std::make_unique<Activation>(plan);
    taken->home_ = this;
  }
  return ActivationPtr(taken.release());
}

// One by one: a chain that is destroyed by its first link would grow the stack.
ActivationList::~ActivationList() {
  while (first_) first_ = std::move(first_->next_free_);
}

void GiveActivationBack::operator()(Activation* activation) const noexcept {
  std::unique_ptr<Activation> back(activation);
  ActivationList& home = *activation->home_;
  const bool in_the_middle = activation->open_ != 0;  // its scheduler goes, with requests in flight
  if (in_the_middle || home.free_ == kFreeActivationsMax) return;
  activation->clear();
  activation->next_free_ = std::move(home.first_);
  home.first_ = std::move(back);
  ++home.free_;
}

// ---- from begin to end ----

Activation::Activation(const GraphPlan& plan) : plan_(plan), runs_(plan.graph.nodes.size()) {
  wrappers_.reserve(plan.wrappers.size());
  for (const NodePlan& node : plan.nodes)
    for (uint8_t place = 0; place < node.wrappers; ++place)
      add_run(plan.wrappers[node.first_wrapper + place], place, wrappers_);
}

void Activation::begin(LoopTools& tools, LoopFunctions& functions, RequestRun& request) {
  tools_ = &tools;
  functions_ = &functions;
  request_ = &request;
  if (!parent_.activation) {
    number_ = 0;
    input_ = &request.in.input;
    request.activations.add_first(*this);
  }
  const std::vector<Node>& nodes = graph().nodes;
  values_.resize(nodes.size());
  open_ = nodes.size();
  for (uint16_t i = 0; i < nodes.size(); ++i) {
    const Node& node = nodes[i];
    NodeRun& run = runs_[i];
    run.phase = NodeRun::Phase::waiting;
    run.user_counted = node.as_component() != nullptr;
    run.inputs_missing = static_cast<uint16_t>(node.waits_for.size());
    run.cache_result = CacheResult::none;
    run.times = StageTimes();
    if (const Group* group = node.as_group())
      run.group.begin(graph(), *group);
    else if (run.inputs_missing == 0)
      request_->activations.may_begin(*this, i);
  }
  if (nodes.empty() && parent_.activation) request_->activations.has_ended(*this);
}

Status Activation::begin_child(uint16_t node, ActivationPtr child, Value input, std::span<const Value> outside) {
  const std::optional<uint16_t> number = request_->activations.add(*child);
  if (!number)
    return Error{.code = Code::resource_exhausted,
                 .message = "too much runs at the same time",
                 .object = stage_object(graph(), node),
                 .needed = "at most " + std::to_string(kActivationsPerRequestMax) + " activations in one request"};
  child->parent_ = {this, node};
  child->number_ = *number;
  child->own_input_ = std::move(input);
  child->input_ = &child->own_input_;
  request_->leases.add(child->plan_.callees, child->graph().component_users, child->rows_);
  runs_[node].phase = NodeRun::Phase::calling;
  Activation& begun = *child;
  children_.push_back({node, std::move(child)});
  begun.begin(*tools_, *functions_, *request_);
  begun.values_.insert(begun.values_.end(), outside.begin(), outside.end());  // no node has begun yet
  return {};
}

// For the next run: forgets the values, keeps the room.
void Activation::clear() {
  values_.clear();
  has_failed_ = false;
  if (!parent_.activation) return;  // a first one has nothing of the rest
  rows_.clear();
  parent_ = Parent();
  own_input_ = Value();
  failure_ = Status();
  fault_ = FaultOf::host;
}

// What it comes to is its parent's business, or the request's.
void Activation::fail(Status status, FaultOf fault) {
  if (!is_running()) return;
  has_failed_ = true;
  if (!parent_.activation) return request_->fail(std::move(status), fault);
  failure_ = std::move(status);
  fault_ = fault;
  request_->activations.has_ended(*this);
}

void Activation::all_ended() {
  if (!has_failed_ && parent_.activation) request_->activations.has_ended(*this);
}

Result<Value> Activation::output() const {
  ValueWriter& writer = tools_->writer;
  Result<Value> output = evaluate(graph().output, surroundings(), writer);
  if (output.ok() && !*output) {  // a reference to what is absent
    writer.reset();
    writer.null();
    output = writer.finish();
  }
  return output;
}

ActivationEnd Activation::take_end_of(Activation& child) {
  ActivationEnd end{std::move(child.failure_), child.fault_, Value()};
  if (!child.has_failed_) {
    Result<Value> output = child.output();
    end.status = output.status();
    if (output.ok()) end.output = std::move(*output);
  }
  child.stop_all();
  request_->activations.remove(child.number_);
  std::erase_if(children_, [&](const Child& other) { return other.activation.get() == &child; });
  return end;
}

void Activation::cancel_children(uint16_t node) {
  for (Child& child : children_) {
    if (child.node != node) continue;
    child.activation->stop_all();
    request_->activations.remove(child.activation->number_);
  }
  std::erase_if(children_, [&](const Child& child) { return child.node == node; });
}

void Activation::hold_components() {
  request_->leases.begin(plan_.callees, graph().component_users);
  for (uint16_t c = 0; c < plan_.callees.size(); ++c) {
    if (graph().called_at_misses[c] && may_hit(c)) continue;
    if (request_->leases.try_hold(c)) continue;
    bool now = false;
    for (size_t i = 0; i < runs_.size() && !now; ++i) now = runs_[i].inputs_missing == 0 && calls(graph().nodes[i], c);
    request_->leases.demand(c, now ? "request" : "prefetch", {tools_->arrivals, tools_->loop, address(0)});
  }
}

// Whether the stages that call this component may do without it. A cache that is not in memory has nothing: then the
// component is fetched ahead like any other, and a cold pipeline still costs its slowest load.
bool Activation::may_hit(uint16_t component) const {
  for (size_t i = 0; i < graph().nodes.size(); ++i) {
    const Cache* cache = plan_.nodes[i].cache;
    if (calls(graph().nodes[i], component) && cache && cache->is_in_memory()) return true;
  }
  return false;
}

void Activation::notify_readers(uint16_t node) {
  for (const uint16_t reader : graph().nodes[node].readers)
    if (--runs_[reader].inputs_missing == 0) request_->activations.may_begin(*this, reader);
}

// ---- the end of a stage ----

void Activation::end(uint16_t index, Ending&& ending) {
  const Node& node = graph().nodes[index];
  const Outcome outcome = ending.outcome;
  stop(index);
  values_[index] = std::move(ending.value);
  count(index, outcome);
  const bool failed = outcome == Outcome::error || outcome == Outcome::timeout;
  if (failed || outcome == Outcome::fallback) request_->degraded = true;
  const bool alone = node.group == Node::kNone;
  if (failed && alone && !node.optional) {
    Error ended = ending.error.error();
    ended.object = failed_object(index, ended);
    fail(Status(std::move(ended)), ending.fault);
  }
  const Status for_group = alone ? Status() : ending.error;
  trace(index, outcome, std::move(ending.error));
  if (!has_failed_) {
    notify_readers(index);
    if (!alone) tell_group(index, outcome, for_group, ending.fault);
  }
  node_ended();
}

void Activation::stop(uint16_t index) {
  let_go(index, 0);
  runs_[index].attempt = runs_[index].begun = 0;
  runs_[index].phase = NodeRun::Phase::ended;
}

void Activation::stop_inside(uint16_t index, uint8_t wrapper) {
  let_go(index, wrapper + 1u);
  runs_[index].attempt = request_->activations.next_attempt();
  runs_[index].phase = NodeRun::Phase::started;
}

void Activation::let_go(uint16_t index, size_t first_wrapper) {
  NodeRun& run = runs_[index];
  if (run.wrappers_used) {
    for (WrapperRun& wrapper : wrappers(index).subspan(first_wrapper))
      std::visit([&](auto& its) { its.stop(tools_->loop); }, wrapper);
    run.wrappers_used = first_wrapper > 0;
  }
  run.call.cancel();
  if (run.phase == NodeRun::Phase::cold) run.times.cold += tools_->loop.now() - run.cold_since;
  close_function(index);
  release_user(index);
  if (!children_.empty()) cancel_children(index);
}

void Activation::release_user(uint16_t index) {
  if (std::exchange(runs_[index].user_counted, false))
    request_->leases.release_user(row(graph().nodes[index].as_component()->component));
}

void Activation::close_function(uint16_t index) {
  NodeRun& run = runs_[index];
  if (!run.function) return;
  LoopScripts& scripts = *request_->scripts;
  run.function->close(scripts, functions_->cpu_max());
  run.function.reset();
  functions_->clean_later(request_->hold, scripts);
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
  open_ = 0;
}

void Activation::trace(uint16_t index, Outcome outcome, Status&& error) {
  const NodeRun& run = runs_[index];
  const bool found = run.cache_result == CacheResult::hit || run.cache_result == CacheResult::negative;
  request_->trace.push_back({graph().nodes[index].path, outcome, run.times.cold, run.times.queued, run.times.ran,
                             std::move(error), run.cache_result,
                             found ? plan_.nodes[index].cache->store() : std::string()});
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
    object += " (" + plan_.file + ":" + std::to_string(node.line) + ")";
    const bool named = of_its_function || within.starts_with("component '") || within.starts_with("plugin");
    if (const ComponentCall* call = node.as_component(); call && !named)
      object += ", " + component_object(graph().components[call->component]);
  }
  return within.empty() ? object : object + ", " + within;
}

// ---- groups ----

void Activation::tell_group(uint16_t member, Outcome outcome, const Status& error, FaultOf fault) {
  const uint16_t index = graph().nodes[member].group;
  NodeRun& run = runs_[index];
  if (run.phase == NodeRun::Phase::ended) return;
  if (outcome == Outcome::error || outcome == Outcome::timeout) run.group.failed({member, error, fault});
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
  cancel_members(index);
  if (!met && group.on_error == OnError::fail_fast) return fail_with_group(index);
  if (!met) request_->degraded = true;
  if (group.join == Join::any) {
    uint16_t winner = run.group.winner();
    for (size_t i = 0; i < group.members.size() && winner == Node::kNone; ++i)
      if (values_[group.members[i]]) winner = group.members[i];
    if (winner != Node::kNone) values_[index] = values_[winner];
  }
  notify_readers(index);
  node_ended();
}

void Activation::fail_with_group(uint16_t index) {
  const GroupRun::Failure& failure = runs_[index].group.failure();
  if (failure.member == Node::kNone)
    return fail(Error{.code = Code::internal,
                      .message = "too few of its stages ended well",
                      .object = stage_object(graph(), index)},
                FaultOf::host);
  Error error = failure.error.error();
  error.object = failed_object(failure.member, error);
  fail(Status(std::move(error)), failure.fault);
}

void Activation::cancel_members(uint16_t group) {
  for (const uint16_t member : graph().nodes[group].as_group()->members) {
    const NodeRun::Phase phase = runs_[member].phase;
    if (phase == NodeRun::Phase::ended) continue;
    Ending ending;
    ending.outcome = phase == NodeRun::Phase::waiting ? Outcome::skipped : Outcome::cancelled;
    end(member, std::move(ending));
  }
}

bool Activation::has_begun(uint16_t group) const {
  const std::vector<uint16_t>& members = graph().nodes[group].as_group()->members;
  return std::any_of(members.begin(), members.end(),
                     [&](uint16_t member) { return runs_[member].phase != NodeRun::Phase::waiting; });
}

}  // namespace dormouse
