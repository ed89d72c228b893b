#include "components/component.h"

#include <algorithm>

#include "components/loaded.h"

namespace dormouse {

Component::Component(ComponentSpec spec, const Clock& clock, EventLoop& loop, const PoolPolicies& policies)
    : spec_(std::move(spec)),
      clock_(clock),
      loop_(loop),
      policies_(policies),
      slots_{LeaseSlot(*this), LeaseSlot(*this), LeaseSlot(*this)} {
  ComponentStatus& status = published_.status;
  status.name = spec_.name;
  status.type = spec_.type;
  status.plugin = spec_.plugin;
  status.version = spec_.version;
}

Component::~Component() = default;

std::optional<Lease> Component::enter(bool is_use) {
  size_t index = current_.load(std::memory_order_acquire);
  while (true) {
    if (slots_[index].gate.try_enter()) return Lease(slots_[index], is_use);
    // Shut: because it was replaced just now, or because there is nothing to enter.
    const size_t now = current_.load(std::memory_order_acquire);
    if (now == index) return std::nullopt;
    index = now;
  }
}

std::optional<Lease> Component::try_acquire() {
  return enter(/*is_use=*/true);
}

std::optional<Lease> Component::try_observe() {
  return enter(/*is_use=*/false);
}

void Component::acquire(Demand demand) {
  if (std::optional<Lease> lease = try_acquire()) return demand.done(std::move(*lease));
  loop_.post([self = shared_from_this(), demand = std::move(demand)]() mutable {
    self->listener_->on_demand(std::move(demand));
  });
}

void Lease::release() {
  if (LeaseSlot* slot = std::exchange(slot_, nullptr)) slot->component.leave(*slot, is_use_);
}

// The answer `last_closed` is the only news of that: until it has been posted the slot, and with it the component,
// counts as in use. After any other answer nothing of the component is touched.
void Component::leave(LeaseSlot& slot, bool was_use) {
  if (was_use) set_last_used(clock_.now_coarse());
  if (slot.gate.leave() != Gate::Left::last_closed) return;
  loop_.post([self = shared_from_this(), &slot] { self->listener_->on_emptied(slot); });
}

void Component::notice_files() {
  loop_.post([self = shared_from_this()] { self->listener_->on_files(); });
}

void Component::forget_failures() {
  loop_.post([self = shared_from_this()] { self->listener_->on_failures_forgotten(); });
}

void Component::make_current(const LeaseSlot& slot) {
  current_.store(static_cast<size_t>(&slot - slots_.data()), std::memory_order_release);
}

std::optional<PoolPolicy> Component::loaded_policy() const {
  const std::lock_guard lock(published_mutex_);
  return published_.loaded_policy;
}

ComponentStatus Component::status() const {
  ComponentSnapshot shown;
  {
    const std::lock_guard lock(published_mutex_);
    shown = published_;
  }
  ComponentStatus& status = shown.status;
  const Time now = clock_.now();
  status.leases = slots_[current_.load(std::memory_order_acquire)].gate.inside();
  for (size_t i = 0; i < shown.beside.size(); ++i) status.beside[i].leases = shown.beside[i]->gate.inside();
  if (shown.activity) {
    status.threads = shown.activity->threads();
    status.ledger = shown.activity->held();
    status.overdue = shown.activity->overdue();
  }
  if (is_callable(status.state)) status.waiters = 0;  // they were served right after that state was told
  if (is_callable(status.state) || status.state == State::parked) {
    const Time used = last_used();
    if (status.state == State::trimmed && used > shown.trimmed_at) status.state = State::ready;
    if (status.leases == 0) status.idle = std::max(Duration{}, now - used);
    const PoolPolicy policy = policies_.of(spec_.name);
    if (policy.idle_unload && !status.pinned && status.leases == 0 && status.safety < SafetyClass::park)
      status.unload_in = std::max({Duration{}, *policy.idle_unload - status.idle,
                                   shown.ready_at ? policy.min_residency - (now - *shown.ready_at) : Duration{}});
  }
  if (status.state == State::failed) status.retry_in = std::max(Duration{}, shown.retry_at - now);
  if (status.failed_replacement)
    status.failed_replacement->retry_in = std::max(Duration{}, shown.replacement_retry_at - now);
  return std::move(shown.status);
}

}  // namespace dormouse
