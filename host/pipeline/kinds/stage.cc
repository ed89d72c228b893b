#include "pipeline/kinds/stage.h"

#include <algorithm>
#include <utility>

#include "base/units.h"

namespace dormouse {

using Phase = NodeRun::Phase;

void Stage::begin() {
  if (run_.phase != Phase::waiting) return;
  run_.phase = Phase::started;
  run_.attempt = request_.activations.next_attempt();
  if (const ComponentCall* its = node_.as_component()) {
    if (node_.functions[kInputSlot] != kNoFunctionId) return begin_function(kInputSlot);
    Result<Value> input = evaluate(its->input, activation_.surroundings(), tools_.writer);
    if (input.ok() && !*input)
      input = Error{.code = Code::invalid_argument,
                    .message = "its input is absent",
                    .object = stage_object(activation_.graph(), index_)};
    if (!input.ok()) return fail(input.status(), Outcome::error);
    run_.call.begin(std::move(*input));
  }
  if (!answered_by_cache()) make_result();
}

void Stage::make_result() {
  if (node_.is_function()) return begin_function(kRunSlot);
  call_component();
}

// The wrappers around a failed call, inside out: timeout has ended by now, then comes the fallback.
void Stage::fail(Status status, Outcome outcome) {
  activation_.stop(index_);
  if (run_.in_fallback) return activation_.end(index_, Outcome::error, Value(), std::move(status));
  if (node_.fallback) return activation_.end(index_, Outcome::fallback, node_.fallback, std::move(status));
  if (node_.functions[kFallbackSlot] == kNoFunctionId)
    return activation_.end(index_, outcome, Value(), std::move(status));
  run_.in_fallback = true;
  run_.error = std::move(status);
  run_.phase = Phase::started;
  run_.attempt = request_.activations.next_attempt();
  begin_function(kFallbackSlot);
}

// ---- timeout: the clock runs while the stage works, not while it waits for a load ----

void Stage::run_clock(Time now) {
  if (node_.timeout && !run_.in_fallback) run_.timeout.run(now, completion());
}

void Stage::wait_for_load() {
  const Time now = tools_.loop.now();
  run_.timeout.pause(now, tools_.loop);
  run_.phase = Phase::cold;
  run_.cold_since = now;
}

void Stage::on_timeout() {
  const Time now = tools_.loop.now();
  const Duration ran = run_.timeout.used_up(now);
  if (request_.over(now)) return;
  run_.times.ran += ran;
  fail(Error{.code = Code::deadline_exceeded,
             .message = "took longer than its timeout of " + format_duration(*node_.timeout)},
       Outcome::timeout);
}

// ---- cache ----

// Whether the stage has its result, or waits for one that is made already. If not it has to be made, and is for others
// as well.
bool Stage::answered_by_cache() {
  Cache* cache = activation_.plan().nodes[index_].cache;
  if (!cache) return false;
  const StageCache& stage = *node_.cache;
  const ComponentCall* its = node_.as_component();
  const Callee* answering = its ? activation_.plan().callees[its->component] : nullptr;
  Result<CacheKey> key = key_of(stage, answering, run_.call.input(), activation_.surroundings(), tools_.writer);
  if (!key.ok()) {
    fail(key.status(), Outcome::error);
    return true;
  }
  if (!*key) return false;
  Cache::Answer answer = cache->look_up(key->bytes(), stage.policy, request_.now(tools_.loop),
                                        [&](const Value& value) { return node_.output.check(value.view()).ok(); });
  run_.cache_result = answer.result;
  if (answer.result == CacheResult::hit) {
    activation_.end(index_, Outcome::ok, std::move(answer.value), Status());
    return true;
  }
  if (answer.result == CacheResult::negative) {
    fail(std::move(answer.error), Outcome::error);
    return true;
  }
  run_.cached.emplace(*cache, stage, std::move(*key), answer.miss);
  return stage.policy.single_flight && join_flight();
}

// Whether another request makes it already.
bool Stage::join_flight() {
  const Flights::Role role = run_.cached->join(completion());
  if (role == Flights::Role::lead) return false;
  run_.cache_result = CacheResult::coalesced;
  run_.phase = Phase::joined;
  // The leader may wait for a draining component; a lease held here would stop it draining.
  if (role == Flights::Role::wait) request_.leases.let_go();
  // The clock stands still while the leader loads.
  if (role == Flights::Role::wait_called || node_.is_function()) run_clock(tools_.loop.now());
  return true;
}

void Stage::on_flight(const FlightNews& news) {
  const Time now = tools_.loop.now();
  if (request_.over(now)) return;
  switch (news.what) {
    case FlightNews::What::called:
      return run_clock(now);
    case FlightNews::What::lead:
      run_.cached->lead();
      run_.cache_result = CacheResult::miss;
      run_.phase = Phase::started;
      return make_result();
    case FlightNews::What::landed:
      run_.times.queued += news.call.queued;
      run_.times.ran += news.call.ran;
      return settle(Result<Value>(news.call.value));
  }
}

// What the stage made on its own, in this request: a function's result, an inline call's, or a failure before any call.
void Stage::result_for_cache(const Result<Value>& value) {
  if (run_.cached)
    run_.cached->completed({value, run_.times.queued, run_.times.ran}, activation_.surroundings(), tools_.loop.now(),
                           tools_.writer);
}

// ---- the call of its component ----

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
  if (const Status* failure = leases.failure(row)) {
    if (run_.cached) run_.cached->not_called(*failure);
    return fail(*failure, Outcome::error);
  }
  std::optional<Lease> lease;
  if (!leases.is_pending(row)) {
    lease = leases.take(row);
    if (!lease) leases.demand(row, "request", completion());
  }
  if (!lease) return wait_for_load();
  activation_.release_user(index_);
  Callee& callee = *activation_.plan().callees[its.component];
  if (run_.cached) run_.cached->will_be_answered_by(callee.stamp_of(*lease));
  call(run_.call, callee, std::move(*lease), its.method, its.method_name);
}

void Stage::call(TryOnce& call, Callee& callee, Lease&& lease, const MethodRef& known, const std::string& method) {
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
  CallOptions options = call.options(request_.in, std::min(request_.deadline, run_.timeout.end()));
  if (run_.function || !run_.cached || !run_.cached->has_seat())
    return call.call_on_lane(std::move(options), completion());
  const StageCache& stage = *node_.cache;
  run_.cached->call_on_lane(call, std::move(options), {request_.hold, activation_.plan().all_caches.lock()},
                            tags_of(stage, activation_.surroundings(), tools_.writer), completion(), tools_.writer,
                            activation_.cells(index_));
}

void Stage::on_called(CallResult&& result) {
  run_.times.queued += result.queued;
  activation_.cells(index_).queued.observe_alone(result.queued);
  if (!run_.function) run_.times.ran += result.ran;
  if (!request_.over(tools_.loop.now())) settle(std::move(result.value));
}

// ---- an activation that it began ----

void Stage::on_child(ActivationEnd&& end) {
  if (request_.over(tools_.loop.now())) return;
  run_.phase = Phase::started;
  if (end.status.ok()) {
    result_for_cache(end.output);
    return activation_.end(index_, Outcome::ok, std::move(end.output), Status());
  }
  result_for_cache(end.status);
  run_.fault = end.fault;
  fail(std::move(end.status), Outcome::error);
}

// What a call of the stage, or of its function, came to.
void Stage::settle(Result<Value>&& result) {
  if (run_.function) {
    run_.phase = Phase::started;
    return enter([&](const FunctionCoroutine::Entry& entry) { return run_.function->go_on(entry, result); });
  }
  run_.call.complete();
  result_for_cache(result);
  if (result.ok()) return activation_.end(index_, Outcome::ok, std::move(*result), Status());
  run_.fault = FaultOf::component;
  fail(result.status(), Outcome::error);
}

// ---- its functions ----

void Stage::on_turn(FunctionSlot slot) {
  if (!request_.over(tools_.loop.now())) begin_function(slot);
}

void Stage::begin_function(FunctionSlot slot) {
  if (functions_.put_off(activation_.address(index_), slot)) return;
  run_.function.emplace();
  const Time now = tools_.loop.now();
  const Status opened = run_.function->open(*request_.scripts, slot, now, run_.times);
  if (!opened.ok()) {
    run_.function.reset();
    return fail(opened, Outcome::error);
  }
  run_clock(now);
  enter([&](const FunctionCoroutine::Entry& entry) { return run_.function->begin(entry, run_.error); });
}

// Into Lua, and what came of it.
template <class Enter>
void Stage::enter(Enter&& enter) {
  const FunctionScope scope{request_.serial,
                            activation_.graph(),
                            index_,
                            request_.in.input,
                            activation_.surroundings().nodes,
                            functions_.callees(),
                            request_.take_options(tools_),
                            functions_.clock(),
                            run_.cached ? &*run_.cached : nullptr};
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

void Stage::function_failed(FunctionRun::Failed&& failed) {
  if (failed.used_up_cpu) functions_.budget_exceeded();
  if (failed.by_script) functions_.count_fault(activation_.plan().file, node_.line);
  run_.fault = failed.by_script ? FaultOf::script : FaultOf::component;
  run_.times.ran += run_.function->worked(tools_.loop.now(), run_.times);
  if (run_.function->slot() == kRunSlot) result_for_cache(failed.status);
  fail(std::move(failed.status), Outcome::error);
}

void Stage::function_returned(Value&& value) {
  const FunctionSlot slot = run_.function->slot();
  const Time now = tools_.loop.now();
  run_.times.ran += run_.function->worked(now, run_.times);
  activation_.close_function(index_);
  if (request_.over(now)) return;
  if (slot == kRunSlot) {
    result_for_cache(value);
    return activation_.end(index_, Outcome::ok, std::move(value), Status());
  }
  if (slot == kFallbackSlot) return activation_.end(index_, Outcome::fallback, std::move(value), run_.error);
  run_.call.begin(std::move(value));
  if (!answered_by_cache()) call_component();
}

void Stage::call_from_function() {
  FunctionRun& function = *run_.function;
  if (std::optional<Lease> lease = function.try_lease()) return call_of_function(std::move(*lease));
  request_.leases.let_go();
  wait_for_load();
  function.demand_lease(completion());
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
  if (run_.cached) run_.cached->will_call(callee, lease);
  call(function.call(), callee, std::move(lease), MethodRef(), function.method());
}

}  // namespace dormouse
