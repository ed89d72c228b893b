// A component as other threads see it, and what all its ways have in common: demand, transitions, snapshots.
#include "components/component.h"

#include <algorithm>
#include <cassert>

#include "artifacts/model_files.h"
#include "components/component_state.h"

namespace dormouse {
namespace {

double milliseconds(Duration duration) {
  return static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(duration).count()) / 1000;
}

}  // namespace

Component::Component(ComponentSpec spec, RegistryContext& context)
    : spec_(std::move(spec)), context_(context), owned_(std::make_unique<Owned>()) {
  owned_->pinned = spec_.pinned;
  publish();
}

Component::~Component() = default;

// ---- any thread ----

std::optional<Lease> Component::try_acquire() {
  if (!gate_.try_enter()) return std::nullopt;
  return Lease(this);
}

void Component::acquire(Demand demand) {
  if (gate_.try_enter()) {
    demand.done(Lease(this));
    return;
  }
  context_.loop.post([this, demand = std::move(demand)]() mutable { on_demand(std::move(demand)); });
}

std::optional<Lease> Component::try_observe() {
  if (!gate_.try_enter()) return std::nullopt;
  return Lease(this, /*is_use=*/false);
}

void Lease::release() {
  if (Component* component = std::exchange(component_, nullptr)) component->leave(is_use_);
}

void Component::leave(bool was_use) {
  if (was_use) last_used_ns_.store(context_.clock.now_coarse().time_since_epoch().count(), std::memory_order_relaxed);
  if (gate_.leave() == Gate::Left::last_closed) context_.loop.post([this] { on_drained(); });
}

void Component::notice_files() {
  context_.loop.post([this] {
    if (is_callable(owned_->state) || stamp() == 0) return;
    const Result<std::string> model = current_model(context_.options.state_dir, spec_.name);
    const std::string next = plugin_file_identity(spec_, context_.index) + (model.ok() ? *model : std::string());
    if (next != owned_->served_identity) stamp_.store(0);
  });
}

ComponentStatus Component::status() const {
  std::lock_guard lock(published_mutex_);
  ComponentStatus status = published_;
  status.leases = gate_.inside();
  if (published_lane_) status.threads = published_lane_->threads();
  if (published_ledger_) status.ledger = published_ledger_->open_entries();
  if (published_overdue_) status.overdue = published_overdue_->list();
  const Time now = context_.clock.now();
  if (is_callable(status.state)) status.waiters = 0;  // they were served right after that state was told
  if (is_callable(status.state) || status.state == State::parked) {
    const Time used{Duration(last_used_ns_.load(std::memory_order_relaxed))};
    if (status.state == State::trimmed && used > published_trimmed_at_) status.state = State::ready;
    if (status.leases == 0) status.idle = std::max(Duration{}, now - used);
    const PoolPolicy policy = context_.policy_of(spec_.name);
    if (policy.idle_unload && !status.pinned && status.leases == 0 && status.safety < SafetyClass::park)
      status.unload_in =
          std::max({Duration{}, *policy.idle_unload - status.idle,
                    published_ready_at_ ? policy.min_residency - (now - *published_ready_at_) : Duration{}});
  }
  if (status.retry_in) status.retry_in = std::max(Duration{}, *status.retry_in - now.time_since_epoch());
  return status;
}

std::optional<PoolPolicy> Component::loaded_policy() const {
  const std::lock_guard lock(published_mutex_);
  return published_policy_;
}

// ---- the registry's loop thread ----

void Component::publish() {
  Owned& o = *owned_;
  ComponentStatus s;
  s.name = spec_.name;
  s.type = spec_.type;
  s.plugin = spec_.plugin;
  s.version = spec_.version;
  s.state = o.state;
  s.cause = o.cause;
  s.generation = o.generation;
  s.pinned = o.pinned;
  s.pinned_at = o.pinned_at;
  s.pinned_by = o.pinned_by;
  s.since = o.since;
  s.waiters = static_cast<unsigned>(o.waiters.size());
  s.returned_resident_bytes = o.returned_resident_bytes;
  s.returned_private_bytes = o.returned_private_bytes;
  s.returned_estimate = o.returned_estimate;
  s.unmapping_proven = o.proven;
  s.was_ready = o.was_ready;
  s.pinned_dependencies = o.pinned_dependencies;
  s.last_error = o.last_error;
  if (o.state == State::failed) s.retry_in = o.retry_at.time_since_epoch();  // status() makes it relative
  const bool keep_old = !loaded_ || o.state == State::loading;               // while it loads, its lane writes there
  std::lock_guard lock(published_mutex_);
  if (keep_old) {  // what was measured stays readable after the component has gone
    s.type = published_.type.empty() ? s.type : published_.type;
    s.version = published_.version.empty() ? s.version : published_.version;
    s.safety = published_.safety;
    s.safety_reasons = published_.safety_reasons;
    s.loaded_private_bytes = published_.loaded_private_bytes;
    s.loaded_heap_bytes = published_.loaded_heap_bytes;
    s.loaded_estimate = published_.loaded_estimate;
    s.load_times = published_.load_times;
  } else {
    const LoadedPlugin& p = *loaded_;
    if (p.library) {
      s.plugin_path = p.prepared.path;
      s.plugin_identity = p.prepared.identity;
    }
    s.type = p.prepared.type->name;
    s.version = p.prepared.version;
    s.safety = p.prepared.safety.safety;
    s.safety_reasons = p.prepared.safety.reasons;
    s.mapped_bytes = p.library ? p.library->mapped_bytes() : 0;
    s.loaded_private_bytes = p.memory_added.private_bytes;
    s.loaded_heap_bytes = p.memory_added.heap_bytes;
    s.loaded_estimate = p.memory_added.estimate;
    s.load_times = p.times;
  }
  published_ = std::move(s);
  published_lane_ = loaded_ && o.lane_open ? loaded_->lane : nullptr;
  published_ledger_ = loaded_ && o.lane_open ? loaded_->ledger : nullptr;
  published_overdue_ = loaded_ && o.lane_open ? loaded_->overdue : nullptr;
  published_policy_ = loaded_ && o.lane_open ? std::optional(loaded_->policy) : std::nullopt;
  published_ready_at_ = is_callable(o.state) ? std::optional(o.ready_at) : std::nullopt;
  published_trimmed_at_ = o.trimmed_at;
}

void Component::change(State to, std::string cause) {
  Owned& o = *owned_;
  assert(may_follow(o.state, to) && "a transition that is not in the table");
  o.state = to;
  o.since = std::chrono::system_clock::now();
  o.cause = std::move(cause);
  publish();
  EventFields fields{{"generation", o.generation}};
  if (to == State::ready && loaded_) {
    fields.emplace_back("load_ms", milliseconds(loaded_->times.prepare + loaded_->times.map + loaded_->times.open));
    fields.emplace_back("bytes_added", loaded_->memory_added.private_bytes);
  }
  if (to == State::parked || to == State::unloaded || to == State::resident)
    fields.emplace_back("bytes_returned", o.returned_resident_bytes);
  if (to == State::failed) fields.emplace_back("error", o.last_error.to_string());
  context_.events.publish("component." + std::string(to_string(to)), spec_.name, std::move(fields), o.cause,
                          asked_by());
}

// Of all who wait for this change, the first operator.
Actor Component::asked_by() const {
  for (const Owned::PendingVerb& pending : owned_->verbs)
    if (!pending.actor.empty()) return pending.actor;
  for (const Demand& waiter : owned_->waiters)
    if (!waiter.actor.empty()) return waiter.actor;
  return {};
}

void Component::refuse_waiters(const Status& status) {
  std::deque<Demand> waiters;
  waiters.swap(owned_->waiters);
  if (!waiters.empty()) publish();
  for (Demand& waiter : waiters) waiter.done(status);
}

void Component::serve_waiters() {
  std::deque<Demand> waiters;
  waiters.swap(owned_->waiters);
  // Counted in with the opening itself: nobody can close the gate between.
  gate_.open(waiters.size());
  for (Demand& waiter : waiters) waiter.done(Lease(this));
}

// At once and not after the load: who would find its queue full then is refused now, and may go elsewhere.
Status Component::room_for_waiter() {
  Owned& o = *owned_;
  const unsigned bound = context_.policy_of(spec_.name).max_pending;
  if (o.waiters.size() < bound) return {};
  std::deque<Demand> gone;
  for (Demand& waiter : std::exchange(o.waiters, {}))
    (waiter.is_wanted() ? o.waiters : gone).push_back(std::move(waiter));
  for (Demand& waiter : gone) waiter.done(Status(Code::cancelled, "given up before it was loaded"));
  if (o.waiters.size() < bound) return {};
  return Error{Code::queue_full,
               "too many requests wait for its load",
               "component '" + spec_.name + "'",
               "at most " + std::to_string(bound) + " waiting requests",
               std::to_string(o.waiters.size()),
               "try again later, or raise max_pending in dm.pool"};
}

void Component::on_demand(Demand demand) {
  Owned& o = *owned_;
  if (o.stopping) {
    demand.done(Status(Code::unavailable, "the host is stopping"));
    return;
  }
  if (gate_.try_enter()) {
    demand.done(Lease(this));
    return;
  }
  if (o.state == State::failed && !demand.retry_now && context_.loop.now() < o.retry_at && !file_changed()) {
    demand.done(o.last_error);
    return;
  }
  if (o.state == State::loading && !o.load->given_up.ok()) {
    Error error = o.load->given_up.error();
    error.code = Code::load_failed;
    demand.done(Status(std::move(error)));
    return;
  }
  if (const Status full = room_for_waiter(); !full.ok()) {
    demand.done(full);
    return;
  }
  const std::string cause = demand.cause;
  o.waiters.push_back(std::move(demand));
  switch (o.state) {
    case State::absent:
    case State::parked:
    case State::unloaded:
    case State::resident:
    case State::failed:
      queue_load(cause);
      return;
    default:
      publish();  // on its way up or down; served, or loaded again, when it arrives
  }
}

}  // namespace dormouse
