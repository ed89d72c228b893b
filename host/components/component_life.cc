// A component's life as a whole: what it shows, who waits, pins, pool policies, its end. The ways up and down are in
// component_life_load.cc and component_life_leave.cc.
#include "components/component_life.h"

#include <algorithm>
#include <utility>

#include "base/object_names.h"
#include "components/component_metrics.h"

namespace dormouse {
namespace {

double milliseconds(Duration duration) {
  return static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(duration).count()) / 1000;
}

}  // namespace

ComponentLife::ComponentLife(std::shared_ptr<Component> component, const LifeServices& services,
                             std::function<void()> on_settled)
    : component_(std::move(component)),
      services_(services),
      on_settled_(std::move(on_settled)),
      current_(std::make_unique<Incarnation>(component_->spec(), services, component_->slot(0), *this)),
      replacement_(component_->spec(), services, *this),
      verbs_(services.loop),
      replacement_verbs_(services.loop),
      pinned_(component_->spec().pinned) {
  component_->set_listener(*this);
  publish();
}

// Its timers ended with end(), on the loop; this may be another thread.
ComponentLife::~ComponentLife() = default;

bool ComponentLife::settled() const {
  return current_->settled() && !replacement_.is_under_way() && !is_examined_ && retired_.empty();
}

// ---- what it shows ----

void ComponentLife::publish() {
  component_->show([this](ComponentSnapshot& shown) { describe(shown); });
}

void ComponentLife::describe(ComponentSnapshot& shown) const {
  ComponentStatus& status = shown.status;
  current_->describe(status);
  status.pinned = pinned_;
  status.pinned_at = pinned_at_;
  status.pinned_by = pinned_by_;
  status.waiters = static_cast<unsigned>(waiters_.size());
  status.was_ready = was_ready_;
  status.last_error = last_error_;
  status.failed_replacement = replacement_.failed();
  status.beside.clear();
  shown.beside.clear();
  const auto show = [&](const Incarnation& incarnation) {
    status.beside.push_back(incarnation.status());
    shown.beside.push_back(&incarnation.slot());
  };
  if (const Incarnation* next = replacement_.incarnation()) show(*next);
  for (const auto& old : retired_) show(old->incarnation());
  const Loaded* loaded = state() == State::parked ? nullptr : current_->loaded();
  shown.activity = loaded ? loaded->activity() : nullptr;
  shown.loaded_policy = loaded ? std::optional(current_->policy()) : std::nullopt;
  shown.ready_at = is_callable(state()) ? std::optional(current_->ready_at()) : std::nullopt;
  shown.trimmed_at = current_->trimmed_at();
  shown.retry_at = backoff_.retry_at();
  shown.replacement_retry_at = replacement_.retry_at();
}

void ComponentLife::tell(const std::string& kind, EventFields fields, const std::string& cause) const {
  services_.events.publish("component." + kind, name(), std::move(fields), cause, asked_by());
}

// Of all who wait for what happens, the first operator.
Actor ComponentLife::asked_by() const {
  for (const Actor& actor : {verbs_.first_actor(), replacement_verbs_.first_actor(), waiters_.first_actor()})
    if (!actor.empty()) return actor;
  return {};
}

void ComponentLife::on_change(Incarnation& of) {
  if (&of != current_.get()) return;
  publish();
  const State to = state();
  EventFields fields{{"generation", of.number()}, {"incarnation", of.number()}};
  if (to == State::ready && of.loaded()) {
    const LoadTimes& times = of.load_times();
    fields.emplace_back("load_ms", milliseconds(times.prepare + times.map + times.open));
    fields.emplace_back("bytes_added", of.added().private_bytes);
  }
  if (to == State::parked || to == State::unloaded || to == State::resident)
    fields.emplace_back("bytes_returned", of.returned_resident_bytes());
  if (to == State::failed) fields.emplace_back("error", last_error_.to_string());
  tell(std::string(to_string(to)), std::move(fields), of.cause().words);
}

void ComponentLife::on_replacement_change() {
  publish();
}

void ComponentLife::on_retirement_change() {
  publish();
}

void ComponentLife::on_retirement_objection(const Status& why) {
  services_.metrics.counter(kComponentUnloadRefused, {{"component", name()}, {"reason", "veto"}}).add();
  answer_replaced("the old one objects to being closed (" + why.to_string() + ") and is asked again");
}

// ---- demand ----

void ComponentLife::on_demand(Demand demand) {
  if (!ending_.ok()) return demand.done(ending_);
  if (std::optional<Lease> lease = component_->try_acquire()) return demand.done(std::move(*lease));
  const auto look = [this] { return services_.carrier.files_identity(spec()); };
  if (state() == State::failed && !demand.retry_now && backoff_.holds(services_.loop.now(), look))
    return demand.done(last_error_);
  if (state() == State::loading && !current_->given_up().ok()) {
    Error error = current_->given_up().error();
    error.code = Code::load_failed;
    return demand.done(Status(std::move(error)));
  }
  // At once and not after the load: who would find its queue full then is refused now, and may go elsewhere.
  const unsigned bound = policy().max_pending;
  if (!waiters_.make_room(bound))
    return demand.done(Status(Error{.code = Code::queue_full,
                                    .message = "too many requests wait for its load",
                                    .object = component_object(name()),
                                    .needed = "at most " + std::to_string(bound) + " waiting requests",
                                    .found = std::to_string(waiters_.size()),
                                    .remedy = "try again later, or raise max_pending in dm.pool"}));
  const std::string cause = demand.cause;
  waiters_.add(std::move(demand));
  switch (state()) {
    case State::absent:
    case State::parked:
    case State::unloaded:
    case State::resident:
    case State::failed:
      return load({CauseKind::demand, cause});
    default:
      publish();  // on its way up or down; served, or loaded again, when it arrives
  }
}

void ComponentLife::refuse_waiters(const Status& why) {
  std::deque<Demand> refused = waiters_.take_all();
  if (!refused.empty()) publish();
  for (Demand& demand : refused) demand.done(why);
}

void ComponentLife::open_gate() {
  std::deque<Demand> served = waiters_.take_all();
  LeaseSlot& slot = current_->slot();
  // Counted in with the opening itself: nobody can close the gate between.
  slot.gate.open(served.size());
  component_->make_current(slot);
  for (Demand& demand : served) demand.done(component_->counted_lease(slot));
}

void ComponentLife::on_emptied(LeaseSlot& slot) {
  if (&slot == &current_->slot()) return current_->notice_leases();
  for (const auto& old : retired_)
    if (&slot == &old->slot()) return old->notice_leases();
}

void ComponentLife::on_files() {
  if (is_callable(state()) || component_->stamp() == 0) return;
  if (services_.carrier.files_identity(spec()) != served_identity_) component_->set_stamp(0);
}

void ComponentLife::on_failures_forgotten() {
  backoff_.forget();
  replacement_.forget();
  publish();
}

bool ComponentLife::is_outdated() const {
  return is_callable(state()) && services_.carrier.files_identity(spec()) != served_identity_;
}

// ---- verbs ----

void ComponentLife::answer_verbs(const Status& status, const std::string& explanation) {
  if (!verbs_.empty()) verbs_.answer({status, status.ok(), false, explanation, this->status()});
}

void ComponentLife::set_pinned(bool pinned, const Actor& actor) {
  pinned_ = pinned;
  pinned_at_.reset();
  pinned_by_ = {};
  if (pinned) {
    pinned_at_ = std::chrono::system_clock::now();
    pinned_by_ = actor;
  }
  publish();
  services_.events.publish(pinned ? "component.pinned" : "component.unpinned", name(), {},
                           pinned ? "asked to pin" : "asked to unpin", actor);
  policy_changed();
}

void ComponentLife::policy_changed() {
  if (is_callable(state())) current_->loaded()->follow(policy());
  for (const auto& old : retired_)
    if (Loaded* loaded = old->incarnation().loaded(); loaded && old->incarnation().waits_for_leases())
      loaded->follow(policy());
  if (is_callable(state()) || state() == State::parked) arm_idle_timer();
}

// ---- its end ----

void ComponentLife::stop_timers() {
  if (idle_timer_) services_.loop.cancel(std::exchange(idle_timer_, 0));
  if (retry_timer_) services_.loop.cancel(std::exchange(retry_timer_, 0));
}

void ComponentLife::end(Status why, Cause cause, bool cancels) {
  ending_ = std::move(why);
  stop_timers();
  refuse_waiters(ending_);  // also those who came after a load was given up
  replacement_.give_up(ending_, /*by_operator=*/true);
  for (const auto& old : retired_) old->insist();
  current_->insist();
  if (cancels && !settled())
    end_timer_ = services_.loop.at(services_.loop.now() + policy().drain_timeout, [this] {
      end_timer_ = 0;
      if (current_->waits_for_leases()) current_->loaded()->cancel_calls(ending_);
    });
  switch (state()) {
    case State::loading:
      return current_->give_up(ending_, /*by_operator=*/true);
    case State::ready:
    case State::trimmed:
      if (!current_->is_trimming()) drain(IdleStep::unload, std::move(cause));
      return;
    case State::parked:
      return current_->unmap(std::move(cause));
    default:
      return;  // settled, or under way and noticed when it arrives
  }
}

// After a settled state was reached: demand that came meanwhile loads again; an end that is awaited is told.
void ComponentLife::move_on() {
  if (!ending_.ok()) {
    refuse_waiters(ending_);
    if (!settled()) return;
    if (end_timer_) services_.loop.cancel(std::exchange(end_timer_, 0));
    on_settled_();
    return;
  }
  if (!waiters_.empty()) load({CauseKind::demand, waiters_.first_cause()});
}

}  // namespace dormouse
