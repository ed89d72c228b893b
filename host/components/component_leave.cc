// A component's way down: idleness, trimming, draining, parking, unmapping; and the ordered stop.
#include <algorithm>
#include <cassert>

#include "base/units.h"
#include "components/batch_queue.h"
#include "components/component_metrics.h"
#include "components/component_state.h"

namespace dormouse {
namespace {

std::string join_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : ", ") + line;
  return text;
}

}  // namespace

// ---- idleness ----

IdleFacts Component::idle_facts() const {
  const Owned& o = *owned_;
  const Time now = context_.loop.now();
  IdleFacts facts;
  facts.state = o.state;
  facts.pinned = o.pinned;
  facts.leases = static_cast<unsigned>(gate_.inside());
  facts.idle = std::max(Duration{}, now - Time{Duration(last_used_ns_.load(std::memory_order_relaxed))});
  facts.ready_for = now - o.ready_at;
  facts.safety = loaded_ ? loaded_->prepared.safety.safety : SafetyClass::unmap;
  return facts;
}

void Component::arm_idle_timer() {
  Owned& o = *owned_;
  if (o.idle_timer) context_.loop.cancel(std::exchange(o.idle_timer, 0));
  if (o.stopping || o.trimming) return;
  const IdleDecision decision = decide_idle(idle_facts(), context_.policy_of(spec_.name));
  if (decision.step == IdleStep::none && !decision.look_again_in) return;
  const Duration in = decision.step != IdleStep::none ? Duration{} : *decision.look_again_in;
  o.idle_timer = context_.loop.at(context_.loop.now() + in, [this] {
    owned_->idle_timer = 0;
    look_at_idleness();
  });
}

// The keys that act at once on what is loaded; pool_changes.h says which.
void Component::follow_policy() {
  const PoolPolicy policy = context_.policy_of(spec_.name);
  loaded_->max_wait->store(policy.max_wait);
  loaded_->lane->set_pending_max(policy.max_pending);
  for (const auto& batch : loaded_->batches)
    if (batch) batch->set_pending_max(policy.max_pending);
}

void Component::policy_changed() {
  const State state = owned_->state;
  if (is_callable(state)) follow_policy();
  if (is_callable(state) || state == State::parked) arm_idle_timer();
}

// A call tells nobody that it woke a trimmed component; whoever looks next does.
void Component::notice_use() {
  const Time used{Duration(last_used_ns_.load(std::memory_order_relaxed))};
  if (owned_->state == State::trimmed && used > owned_->trimmed_at) change(State::ready, "called again");
}

void Component::look_at_idleness() {
  Owned& o = *owned_;
  if (o.stopping || o.trimming) return;
  notice_use();
  const IdleFacts facts = idle_facts();
  const IdleDecision decision = decide_idle(facts, context_.policy_of(spec_.name));
  if (decision.step == IdleStep::none) return arm_idle_timer();
  const std::string cause =
      "idle for " + format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(facts.idle));
  if (o.state == State::parked) return begin_unmap(cause);
  // A lease may have come since: then the gate stays open, and this is looked at again.
  if (!gate_.close_if_empty()) return arm_idle_timer();
  if (decision.step == IdleStep::trim) return begin_trim(cause);
  begin_close(decision.step, cause);
}

// ---- draining, parking, unmapping ----

void Component::begin_drain(IdleStep target, const std::string& cause) {
  Owned& o = *owned_;
  o.drain_target = target;
  const uint64_t inside = gate_.close();
  if (o.idle_timer) context_.loop.cancel(std::exchange(o.idle_timer, 0));
  o.drain_waits = true;
  change(State::draining, cause);
  if (inside == 0) on_drained();  // otherwise whoever leaves last leads there, or the verbs' waits end
}

// The gate is shut and nobody is inside.
void Component::begin_close(IdleStep target, const std::string& cause) {
  Owned& o = *owned_;
  if (o.idle_timer) context_.loop.cancel(std::exchange(o.idle_timer, 0));
  o.drain_target = target;
  o.drain_waits = true;
  change(State::draining, cause);
  on_drained();
}

// Comes from whoever left last, perhaps late: then the gate is open again, or closing has begun.
void Component::on_drained() {
  Owned& o = *owned_;
  if (o.state != State::draining || !o.drain_waits || gate_.inside() != 0 || gate_.is_open()) return;
  o.drain_waits = false;
  if (!loaded_->veto || o.stopping) return close_plugin();
  LoadedPlugin& p = *loaded_;
  p.lane->submit_control([this, &p] {
    Status answer = ask_veto_on_lane(p);
    context_.loop.post([this, answer] { on_veto(answer); });
  });
}

void Component::on_veto(Status answer) {
  Owned& o = *owned_;
  if (answer.ok() || o.stopping) return close_plugin();
  context_.metrics.counter(kComponentUnloadRefused, {{"component", spec_.name}, {"reason", "veto"}}).add();
  last_used_ns_.store(context_.loop.now().time_since_epoch().count(), std::memory_order_relaxed);
  reopen("vetoed: " + answer.to_string());
  answer_verbs(Error{Code::failed_precondition,
                     "refused to be parked: " + answer.to_string(),
                     "component '" + spec_.name + "'",
                     {},
                     {},
                     "try again later"},
               "");
}

void Component::reopen(const std::string& cause) {
  change(State::ready, cause);
  serve_waiters();
  arm_idle_timer();
}

void Component::close_plugin() {
  Owned& o = *owned_;
  o.lane_open = false;
  o.window = context_.windows.open();
  o.returned_resident_bytes = 0;
  o.returned_private_bytes = 0;
  o.returned_estimate = false;
  publish();
  LoadedPlugin& p = *loaded_;
  const Status queued = context_.loaders->submit(
      [this, &p](unsigned slot) {
        const MemoryReading before = read_memory();
        p.ledger->stop_timers();
        p.lane->join();
        std::vector<std::string> leftovers = p.ledger->settle();
        trim_heap();
        const MemoryDelta delta = read_memory() - before;
        context_.loaders->returning(slot);
        context_.loop.post(
            [this, delta, leftovers = std::move(leftovers)]() mutable { on_closed(delta, std::move(leftovers)); });
      },
      Lane::Priority::high);
  assert(queued.ok());
  (void)queued;
}

void Component::on_closed(MemoryDelta returned, std::vector<std::string> leftovers) {
  Owned& o = *owned_;
  o.returned_resident_bytes = -returned.resident_bytes;
  o.returned_private_bytes = -returned.private_bytes;
  o.returned_estimate = context_.windows.close(o.window);
  const auto is_asked = [&](Verb verb) {
    return std::any_of(o.verbs.begin(), o.verbs.end(), [&](const auto& pending) { return pending.verb == verb; });
  };
  const bool unload = is_asked(Verb::unload);
  const bool reload = is_asked(Verb::reload) && !unload && !o.stopping;
  if (!leftovers.empty()) {
    const std::string cause = "the component left behind: " + join_lines(leftovers);
    context_.kept.push_back(std::move(loaded_));
    o.proven = false;
    change(State::resident, cause);
    if (reload) return queue_load("asked to reload");
    answer_verbs({}, "closed; its code stays mapped: " + cause);
    return move_on();
  }
  loaded_->lane.reset();
  loaded_->ledger.reset();
  if (reload) return queue_load(o.cause);  // which answers the verb
  if (!o.waiters.empty() && !o.stopping) {
    answer_verbs({}, "closed; demand came meanwhile, so it loads again");
    return queue_load(o.waiters.front().cause);
  }
  if (o.drain_target == IdleStep::unload || unload || o.stopping) return begin_unmap(o.cause);
  change(State::parked, o.cause);
  answer_verbs({}, "parked");
  arm_idle_timer();
}

void Component::begin_unmap(const std::string& cause) {
  Owned& o = *owned_;
  if (o.idle_timer) context_.loop.cancel(std::exchange(o.idle_timer, 0));
  o.window = context_.windows.open();
  change(State::closing, cause);
  LoadedPlugin& p = *loaded_;
  const Status queued = context_.loaders->submit(
      [this, &p](unsigned slot) {
        const MemoryReading before = read_memory();
        UnmapReport report;
        if (context_.options.unmap) {
          report = unmap_library(p);
        } else {
          report.cause = "this host was started to keep libraries mapped";
        }
        trim_heap();
        const MemoryDelta delta = read_memory() - before;
        context_.loaders->returning(slot);
        context_.loop.post(
            [this, report = std::move(report), delta]() mutable { on_unmapped(std::move(report), delta); });
      },
      Lane::Priority::high);
  assert(queued.ok());
  (void)queued;
}

void Component::on_unmapped(UnmapReport report, MemoryDelta returned) {
  Owned& o = *owned_;
  o.returned_resident_bytes -= returned.resident_bytes;
  o.returned_private_bytes -= returned.private_bytes;
  o.returned_estimate |= context_.windows.close(o.window);
  o.proven = report.unmapped;
  o.pinned_dependencies = report.pinned_dependencies;
  const std::string cause = o.cause;
  if (report.unmapped) {
    loaded_.reset();
    change(State::unloaded, cause);
    count_unload();
    answer_verbs({}, "unloaded: its mapping is gone, " +
                         format_bytes(static_cast<uint64_t>(std::max<int64_t>(o.returned_resident_bytes, 0))) +
                         " came back");
  } else {
    change(State::resident, report.cause);
    loaded_.reset();
    context_.metrics.counter(kComponentKept, {{"component", spec_.name}}).add();
    answer_verbs({}, "closed; its code stays mapped: " + report.cause);
  }
  move_on();
}

void Component::count_unload() {
  context_.metrics
      .counter(kComponentUnload, {{"component", spec_.name}, {"reason", std::string(unload_reason(owned_->cause))}})
      .add();
}

// After a settled state was reached: demand that came meanwhile loads again; a stopping host counts the settled.
void Component::move_on() {
  Owned& o = *owned_;
  if (o.stopping) {
    refuse_waiters(Status(Code::unavailable, "the host is stopping"));
    context_.component_settled();
    return;
  }
  if (!o.waiters.empty()) queue_load(o.waiters.front().cause);
}

// ---- trimming ----

void Component::begin_trim(const std::string& cause) {
  Owned& o = *owned_;
  o.trimming = true;
  LoadedPlugin& p = *loaded_;
  p.lane->submit_control([this, &p, cause] {
    Status status = trim_on_lane(p);
    p.lane->shrink();
    trim_heap();
    context_.loop.post([this, status, cause] {
      owned_->cause = cause;
      on_trimmed(status);
    });
  });
}

void Component::on_trimmed(Status status) {
  Owned& o = *owned_;
  o.trimming = false;
  o.trimmed_at = context_.clock.now_coarse();
  if (status.ok()) {
    change(State::trimmed, o.cause);
  } else {
    // Asked again only after another idle period, or it would be asked for ever.
    last_used_ns_.store(o.trimmed_at.time_since_epoch().count(), std::memory_order_relaxed);
    o.last_error = status;
    publish();
  }
  serve_waiters();
  answer_verbs(status, "trimmed");
  if (o.stopping) return begin_drain(IdleStep::unload, "the host stops");
  arm_idle_timer();
}

// ---- stopping ----

bool Component::settled() const {
  switch (owned_->state) {
    case State::absent:
    case State::unloaded:
    case State::resident:
    case State::failed:
      return true;
    default:
      return false;
  }
}

void Component::stop() {
  Owned& o = *owned_;
  o.stopping = true;
  if (o.idle_timer) context_.loop.cancel(std::exchange(o.idle_timer, 0));
  if (o.retry_timer) context_.loop.cancel(std::exchange(o.retry_timer, 0));
  const Status stopping(Code::unavailable, "the host is stopping");
  switch (o.state) {
    case State::loading:
      refuse_waiters(stopping);  // also those who came after it was given up
      give_up_load(stopping, /*by_operator=*/true);
      return;
    case State::ready:
    case State::trimmed:
      refuse_waiters(stopping);
      if (!o.trimming) begin_drain(IdleStep::unload, "the host stops");
      return;
    case State::parked:
      begin_unmap("the host stops");
      return;
    default:
      refuse_waiters(stopping);  // settled, or under way and noticed when it arrives
  }
}

}  // namespace dormouse
