#include "pipeline/kinds/stage.h"

#include <algorithm>
#include <utility>

namespace dormouse {

using Phase = NodeRun::Phase;
using Says = Ending::Says;

void Stage::begin() {
  if (run_.phase != Phase::waiting) return;
  run_.phase = Phase::started;
  run_.begun = request_.activations.next_attempt();
  run_.attempt = request_.activations.next_attempt();
  run_.depth = activation_.plan().nodes[index_].wrappers;
  if (const ComponentCall* its = node_.as_component()) {
    if (node_.functions[kInputSlot] != kNoFunctionId) return begin_function(kInputSlot);
    Result<Value> input = evaluate(its->input, activation_.surroundings(), tools_.writer);
    if (input.ok() && !*input)
      input = Error{.code = Code::invalid_argument,
                    .message = "its input is absent",
                    .object = stage_object(activation_.graph(), index_)};
    if (!input.ok()) return go_out(Ending::failed(Status(input.status()), FaultOf::host, Says::nothing));
    run_.call.begin(std::move(*input));
  }
  go_in(0);
}

const Callee* Stage::answering() const {
  const ComponentCall* its = node_.as_component();
  return its ? activation_.plan().callees[its->component] : nullptr;
}

Completion Stage::completion(uint32_t attempt) const {
  Address at = activation_.address(index_);
  at.attempt = attempt;
  return {tools_.arrivals, tools_.loop, at};
}

// ---- in and out through its wrappers ----

// From the wrapper at `place`, which has not been entered, to the result.
void Stage::go_in(uint8_t place) {
  const NodePlan& plan = activation_.plan().nodes[index_];
  if (plan.wrapper_always_takes_part) {
    run_.wrappers_used = true;
    for (; place < plan.wrappers; ++place) {
      run_.depth = place;
      Ending ending;
      const GoOn answer =
          std::visit([&](auto& its) { return its.enter(*this, ending); }, activation_.wrappers(index_)[place]);
      if (answer != GoOn::in) return go_on(place, answer, std::move(ending));
    }
  }
  run_.depth = plan.wrappers;
  make_result();
}

// What the wrapper at `place` has answered.
void Stage::go_on(uint8_t place, GoOn answer, Ending&& ending) {
  if (answer == GoOn::wait) {
    if (run_.phase == Phase::started) run_.phase = Phase::wrapped;
  } else if (answer == GoOn::in) {
    run_.phase = Phase::started;
    go_in(static_cast<uint8_t>(place + 1));
  } else {
    run_.depth = place;
    go_out(std::move(ending));
  }
}

// From what is innermost now to the end. A stage that ended well at once, with wrappers that take part only when
// something fails or waits, passes them by.
void Stage::go_out(Ending&& ending) {
  if (ending.outcome != Outcome::ok || run_.wrappers_used) {
    run_.wrappers_used = true;
    while (run_.depth > 0) {
      const uint8_t place = --run_.depth;
      const PassOn answer =
          std::visit([&](auto& its) { return its.leave(*this, ending); }, activation_.wrappers(index_)[place]);
      if (answer == PassOn::out) continue;
      activation_.stop_inside(index_, place);
      if (answer == PassOn::wait) {
        run_.phase = Phase::wrapped;
        return;
      }
      run_.depth = static_cast<uint8_t>(place + 1);
      return begin_function(kFallbackSlot);
    }
  }
  activation_.end(index_, std::move(ending));
}

void Stage::on_timer(uint8_t wrapper) {
  Ending ending;
  const GoOn answer =
      std::visit([&](auto& its) { return its.on_timer(*this, ending); }, activation_.wrappers(index_)[wrapper]);
  go_on(wrapper, answer, std::move(ending));
}

void Stage::on_flight(const FlightNews& news) {
  if (request_.over(tools_.loop.now())) return;
  for (uint8_t place = 0; place < activation_.plan().nodes[index_].wrappers; ++place) {
    Ending ending;
    const GoOn answer =
        std::visit([&](auto& its) { return its.on_flight(*this, news, ending); }, activation_.wrappers(index_)[place]);
    if (answer != GoOn::wait) return go_on(place, answer, std::move(ending));
  }
}

// Clocks run while the stage works, and not while it waits for a load.
void Stage::run_clock(Time now) {
  if (run_.depth == 0) return;
  run_.wrappers_used = true;
  const Completion its_timers = completion();
  for (WrapperRun& wrapper : around()) std::visit([&](auto& its) { its.work(now, its_timers); }, wrapper);
}

void Stage::wait_for_load() {
  const Time now = tools_.loop.now();
  for (WrapperRun& wrapper : around()) std::visit([&](auto& its) { its.pause(now, tools_.loop); }, wrapper);
  run_.phase = Phase::cold;
  run_.cold_since = now;
}

// ---- the call of its component ----

void Stage::make_result() {
  if (node_.is_function()) return begin_function(kRunSlot);
  call_component();
}

bool Stage::waits_for(uint16_t row) const {
  const ComponentCall* its = node_.as_component();
  return run_.phase == Phase::cold && !run_.function && its && activation_.row(its->component) == row;
}

void Stage::on_held_lease(Time now) {
  run_.times.cold += now - run_.cold_since;
  run_.phase = Phase::started;
  call_component();
}

void Stage::call_component() {
  const ComponentCall& its = *node_.as_component();
  HeldLeases& leases = request_.leases;
  const uint16_t row = activation_.row(its.component);
  if (const Status* failure = leases.failure(row))
    return go_out(Ending::failed(Status(*failure), FaultOf::host, Says::not_loaded));
  std::optional<Lease> lease;
  if (!leases.is_pending(row)) {
    lease = leases.take(row);
    if (!lease) leases.demand(row, "request", completion(run_.attempt));
  }
  if (!lease) return wait_for_load();
  activation_.release_user(index_);
  Callee& callee = *activation_.plan().callees[its.component];
  if (activation_.plan().nodes[index_].wrapper_always_takes_part)
    for (WrapperRun& wrapper : around())
      std::visit([&](auto& wraps) { wraps.will_be_answered(callee, *lease); }, wrapper);
  make_call(run_.call, callee, std::move(*lease), its.method, its.method_name);
}

void Stage::make_call(TryOnce& call, Callee& callee, Lease&& lease, const MethodRef& known, const std::string& method) {
  const Status aimed = call.aim(callee, std::move(lease), known, method, tools_.writer);
  if (!aimed.ok()) return settle(Result<Value>(aimed));
  if (!call.runs_inline()) return call_on_lane(call);
  // Reading the clock costs as much as a small stage: where one inline call ended, the next one begins.
  const Time began = request_.now(tools_.loop);
  Result<Value> result = call.call_inline(request_.take_options(tools_));
  RequestRun::give_back_options(tools_);
  const Time now = tools_.loop.now();
  request_.latest = now;
  run_.times.ran += now - began;
  if (!request_.over(now)) settle(std::move(result));
}

void Stage::call_on_lane(TryOnce& call) {
  run_.phase = Phase::calling;
  run_clock(tools_.loop.now());
  Time deadline = request_.deadline;
  for (const WrapperRun& wrapper : around())
    deadline = std::min(deadline, std::visit([](const auto& its) { return its.deadline(); }, wrapper));
  CallOptions options = call.options(request_.in, deadline);
  if (!run_.function) {
    const std::span<WrapperRun> wrappers = around();
    for (auto wrapper = wrappers.rbegin(); wrapper != wrappers.rend(); ++wrapper)
      if (std::visit([&](auto& its) { return its.take_call(*this, call, std::move(options)); }, *wrapper)) return;
  }
  call.call_on_lane(std::move(options), completion(run_.attempt));
}

void Stage::on_called(CallResult&& result) {
  run_.times.queued += result.queued;
  activation_.cells(index_).queued.observe_alone(result.queued);
  if (!run_.function) run_.times.ran += result.ran;
  if (!request_.over(tools_.loop.now())) settle(std::move(result.value));
}

// What a call of the stage, or of its function, came to.
void Stage::settle(Result<Value>&& result) {
  if (run_.function) {
    run_.phase = Phase::started;
    return enter([&](const FunctionCoroutine::Entry& entry) { return run_.function->go_on(entry, result); });
  }
  run_.call.complete();
  if (result.ok()) return go_out(Ending::ok(std::move(*result)));
  go_out(Ending::failed(Status(result.status()), FaultOf::component, Says::result));
}

// ---- an activation that it began ----

void Stage::on_child(ActivationEnd&& end) {
  if (request_.over(tools_.loop.now())) return;
  run_.phase = Phase::started;
  if (end.status.ok()) return go_out(Ending::ok(std::move(end.output)));
  go_out(Ending::failed(std::move(end.status), end.fault, Says::result));
}

// ---- its functions ----

void Stage::on_turn(FunctionSlot slot) {
  if (!request_.over(tools_.loop.now())) begin_function(slot);
}

void Stage::begin_function(FunctionSlot slot) {
  if (functions_.put_off(activation_.address(index_), slot)) return;
  run_.function.emplace();
  const Time now = tools_.loop.now();
  Status opened = run_.function->open(*request_.scripts, slot, now, run_.times);
  if (!opened.ok()) {
    run_.function.reset();
    return go_out(Ending::failed(std::move(opened), FaultOf::host, Says::nothing));
  }
  run_clock(now);
  static const Status nothing;
  const Status* stands_for = nullptr;
  for (const WrapperRun& wrapper : around())
    if (const Status* error = std::visit([](const auto& its) { return its.stands_for(); }, wrapper)) stands_for = error;
  enter([&](const FunctionCoroutine::Entry& entry) {
    return run_.function->begin(entry, stands_for ? *stands_for : nothing);
  });
}

CallWitness* Stage::witness() const {
  for (WrapperRun& wrapper : around())
    if (CallWitness* found = std::visit([](auto& its) { return its.witness(); }, wrapper)) return found;
  return nullptr;
}

// Into Lua, and what came of it.
template <class Enter>
void Stage::enter(Enter&& enter) {
  const FunctionScope scope{request_.serial,
                            activation_.graph(),
                            index_,
                            activation_.surroundings().request,
                            activation_.surroundings().nodes,
                            functions_.callees(),
                            request_.take_options(tools_),
                            functions_.clock(),
                            witness()};
  FunctionRun::Step step = enter({*request_.scripts, request_.ctx, scope, functions_.cpu_max(), tools_.writer});
  RequestRun::give_back_options(tools_);
  request_.latest = Time{};
  take_step(std::move(step));
}

void Stage::take_step(FunctionRun::Step&& step) {
  if (auto* failed = std::get_if<FunctionRun::Failed>(&step)) return function_failed(std::move(*failed));
  if (auto* value = std::get_if<Value>(&step)) return function_returned(std::move(*value));
  call_from_function();
}

// Only a function in kRunSlot makes the stage's own result.
void Stage::function_failed(FunctionRun::Failed&& failed) {
  if (failed.used_up_cpu) functions_.budget_exceeded();
  if (failed.by_script) functions_.count_fault(activation_.plan().file, node_.line);
  run_.times.ran += run_.function->worked(tools_.loop.now(), run_.times);
  const Says says = run_.function->slot() == kRunSlot ? Says::result : Says::nothing;
  activation_.close_function(index_);
  go_out(Ending::failed(std::move(failed.status), failed.by_script ? FaultOf::script : FaultOf::component, says));
}

void Stage::function_returned(Value&& value) {
  const FunctionSlot slot = run_.function->slot();
  const Time now = tools_.loop.now();
  run_.times.ran += run_.function->worked(now, run_.times);
  activation_.close_function(index_);
  if (request_.over(now)) return;
  if (slot != kInputSlot) return go_out(Ending::ok(std::move(value)));
  run_.call.begin(std::move(value));
  go_in(0);
}

void Stage::call_from_function() {
  FunctionRun& function = *run_.function;
  if (std::optional<Lease> lease = function.try_lease()) return call_of_function(std::move(*lease));
  request_.leases.let_go();
  wait_for_load();
  function.demand_lease(completion(run_.attempt));
}

void Stage::on_function_lease(Result<Lease> lease) {
  const Time now = tools_.loop.now();
  run_.times.cold += now - run_.cold_since;
  run_.phase = Phase::calling;
  FunctionRun& function = *run_.function;
  function.lease_came();
  if (request_.over(now)) return;
  run_clock(now);
  if (!lease.ok()) return settle(Result<Value>(lease.status()));
  call_of_function(std::move(*lease));
}

void Stage::call_of_function(Lease&& lease) {
  FunctionRun& function = *run_.function;
  Callee& callee = function.callee();
  if (CallWitness* hears = witness()) hears->will_call(callee, lease);
  make_call(function.call(), callee, std::move(lease), MethodRef(), function.method());
}

}  // namespace dormouse
