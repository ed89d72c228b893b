// A component's way down: idleness, trimming, draining, parking, unmapping.
#include <algorithm>
#include <utility>

#include "base/object_names.h"
#include "base/units.h"
#include "components/component_life.h"
#include "components/component_metrics.h"

namespace dormouse {

// ---- idleness ----

IdleFacts ComponentLife::idle_facts() const {
  const Time now = services_.loop.now();
  IdleFacts facts;
  facts.state = state();
  facts.pinned = pinned_;
  facts.leases = static_cast<unsigned>(current_->leases());
  facts.idle = std::max(Duration{}, now - component_->last_used());
  facts.ready_for = now - current_->ready_at();
  if (const Loaded* loaded = current_->loaded()) facts.safety = loaded->facts().safety.safety;
  return facts;
}

// While a replacement opens, idleness takes nothing down: it would come for what is about to go anyway.
void ComponentLife::arm_idle_timer() {
  if (idle_timer_) services_.loop.cancel(std::exchange(idle_timer_, 0));
  if (!ending_.ok() || current_->is_trimming() || replacement_.is_under_way()) return;
  const IdleDecision decision = decide_idle(idle_facts(), policy());
  if (decision.step == IdleStep::none && !decision.look_again_in) return;
  const Duration in = decision.step != IdleStep::none ? Duration{} : *decision.look_again_in;
  idle_timer_ = services_.loop.at(services_.loop.now() + in, [this] {
    idle_timer_ = 0;
    look_at_idleness();
  });
}

// A call tells nobody that it woke a trimmed component; whoever looks next does.
void ComponentLife::notice_use() {
  if (state() == State::trimmed && component_->last_used() > current_->trimmed_at()) current_->notice_use();
}

void ComponentLife::look_at_idleness() {
  if (!ending_.ok() || current_->is_trimming() || replacement_.is_under_way()) return;
  notice_use();
  const IdleFacts facts = idle_facts();
  const IdleDecision decision = decide_idle(facts, policy());
  if (decision.step == IdleStep::none) return arm_idle_timer();
  Cause cause{CauseKind::idle,
              "idle for " + format_duration(std::chrono::duration_cast<std::chrono::milliseconds>(facts.idle))};
  if (state() == State::parked) return unmap(std::move(cause));
  // A lease may have come since: then the gate stays open, and this is looked at again.
  const bool begun =
      decision.step == IdleStep::trim ? trim_if_idle(std::move(cause)) : drain_if_idle(decision.step, std::move(cause));
  if (!begun) arm_idle_timer();
}

// ---- draining, parking, unmapping ----

void ComponentLife::drain(IdleStep target, Cause cause) {
  if (idle_timer_) services_.loop.cancel(std::exchange(idle_timer_, 0));
  drain_target_ = target;
  drain_cause_ = cause;
  current_->drain(std::move(cause));
}

bool ComponentLife::drain_if_idle(IdleStep target, Cause cause) {
  const IdleStep before = std::exchange(drain_target_, target);
  drain_cause_ = cause;
  if (!current_->drain_if_idle(std::move(cause))) {
    drain_target_ = before;
    return false;
  }
  if (idle_timer_) services_.loop.cancel(std::exchange(idle_timer_, 0));
  return true;
}

bool ComponentLife::trim_if_idle(Cause cause) {
  return current_->trim_if_idle(std::move(cause));
}

void ComponentLife::unmap(Cause cause) {
  if (idle_timer_) services_.loop.cancel(std::exchange(idle_timer_, 0));
  current_->unmap(std::move(cause));
}

void ComponentLife::reopen(Cause cause) {
  current_->reopen(std::move(cause));
  open_gate();
  arm_idle_timer();
}

void ComponentLife::on_objection(Incarnation&, const Status& why) {
  services_.metrics.counter(kComponentUnloadRefused, {{"component", name()}, {"reason", "veto"}}).add();
  component_->set_last_used(services_.loop.now());
  reopen({CauseKind::objection, "vetoed: " + why.to_string()});
  answer_verbs(Error{.code = Code::failed_precondition,
                     .message = "refused to be parked: " + why.to_string(),
                     .object = component_object(name()),
                     .remedy = "try again later"},
               "");
}

void ComponentLife::on_closed(Incarnation& of) {
  const bool unload = verbs_.any(Verb::unload);
  if (verbs_.any(Verb::reload) && !unload && ending_.ok()) return load(reload_cause());  // which answers the verb
  if (!waiters_.empty() && ending_.ok()) {
    answer_verbs({}, "closed; demand came meanwhile, so it loads again");
    return load({CauseKind::demand, waiters_.first_cause()});
  }
  if (drain_target_ == IdleStep::unload || unload || !ending_.ok()) return of.unmap(of.cause());
  of.park(of.cause());
  answer_verbs({}, "parked");
  arm_idle_timer();
}

void ComponentLife::on_gone(Incarnation& of) {
  if (of.state() == State::unloaded) {
    count_unload(of.cause().kind);
    answer_verbs({}, "unloaded: its mapping is gone, " +
                         format_bytes(static_cast<uint64_t>(std::max<int64_t>(of.returned_resident_bytes(), 0))) +
                         " came back");
    return move_on();
  }
  if (of.left_behind()) {
    const bool reload = verbs_.any(Verb::reload) && !verbs_.any(Verb::unload) && ending_.ok();
    if (reload) return load(reload_cause());
  } else {
    services_.metrics.counter(kComponentKept, {{"component", name()}}).add();
  }
  answer_verbs({}, "closed; its code stays mapped: " + of.cause().words);
  move_on();
}

// Who asked for the reload may have come while it drained for another reason.
Cause ComponentLife::reload_cause() const {
  return is_reload(drain_cause_.kind) ? drain_cause_ : Cause{CauseKind::reload, "asked to reload"};
}

void ComponentLife::count_unload(CauseKind reason) const {
  services_.metrics.counter(kComponentUnload, {{"component", name()}, {"reason", std::string(unload_reason(reason))}})
      .add();
}

// ---- trimming ----

void ComponentLife::on_trimmed(Incarnation& of, const Status& status) {
  if (!status.ok()) {
    // Asked again only after another idle period, or it would be asked for ever.
    component_->set_last_used(of.trimmed_at());
    last_error_ = status;
    publish();
  }
  open_gate();
  answer_verbs(status, "trimmed");
  if (!ending_.ok()) return drain(IdleStep::unload, {CauseKind::stop, "the host stops"});
  arm_idle_timer();
}

}  // namespace dormouse
