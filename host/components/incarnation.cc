#include "components/incarnation.h"

#include <cassert>
#include <utility>

#include "base/object_names.h"
#include "base/units.h"

namespace dormouse {
namespace {

std::string join_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : ", ") + line;
  return text;
}

}  // namespace

Incarnation::Incarnation(const ComponentSpec& spec, const LifeServices& services, LeaseSlot& slot,
                         IncarnationOwner& owner)
    : spec_(spec), services_(services), slot_(slot), owner_(&owner) {}

Incarnation::~Incarnation() = default;

bool Incarnation::settled() const {
  switch (state_) {
    case State::absent:
    case State::unloaded:
    case State::resident:
    case State::failed:
      return true;
    default:
      return false;
  }
}

void Incarnation::describe(ComponentStatus& status) const {
  status.state = state_;
  status.cause = cause_.words;
  status.generation = number_;
  status.since = since_;
  status.returned_resident_bytes = returned_resident_bytes_;
  status.returned_private_bytes = returned_private_bytes_;
  status.returned_estimate = returned_estimate_;
  status.unmapping_proven = proven_;
  status.pinned_dependencies = pinned_dependencies_;
  const Loaded* loaded = this->loaded();
  status.mapped_bytes = 0;
  status.plugin_path.clear();
  status.plugin_identity.clear();
  if (!loaded) return;
  const LoadedFacts& facts = loaded->facts();
  if (loaded->holds_code()) {
    status.plugin_path = facts.path;
    status.plugin_identity = facts.identity;
    status.mapped_bytes = loaded->mapped_bytes();
  }
  status.type = facts.type->name;
  status.version = facts.version;
  status.plugin_sha256 = facts.sha256;
  status.model_path = facts.model_path;
  status.model_sha256 = facts.model_sha256;
  status.safety = facts.safety.safety;
  status.safety_reasons = facts.safety.reasons;
  status.loaded_private_bytes = added_.private_bytes;
  status.loaded_heap_bytes = added_.heap_bytes;
  status.loaded_estimate = added_.estimate;
  status.load_times = times_;
}

IncarnationStatus Incarnation::status() const {
  IncarnationStatus status;
  status.number = number_;
  status.state = state_;
  status.cause = cause_.words;
  status.since = since_;
  status.leases = leases();
  if (const LoadedFacts* facts = this->facts()) {
    status.version = facts->version;
    status.plugin_sha256 = facts->sha256;
    status.model_sha256 = facts->model_sha256;
  }
  return status;
}

void Incarnation::change(State to, Cause cause) {
  assert(may_follow(state_, to) && "a transition that is not in the table");
  state_ = to;
  since_ = std::chrono::system_clock::now();
  cause_ = std::move(cause);
  owner_->on_change(*this);
}

// ---- the way up ----

void Incarnation::load(uint64_t number, Cause cause, const PoolPolicy& policy) {
  assert(!loaded_ || !slot_.gate.is_open());
  parked_ = std::move(loaded_);
  slot_.loaded = nullptr;
  number_ = number;
  load_cause_ = cause;
  policy_ = policy;
  queued_at_ = services_.loop.now();
  cancel_ = CancelToken();
  given_up_ = {};
  given_up_by_operator_ = false;
  insists_ = false;
  kept_because_.clear();
  left_behind_ = false;
  change(State::loading, std::move(cause));
  place_ = services_.loads.enter([this] { begin_load(); });
}

void Incarnation::begin_load() {
  began_ = services_.loop.now();
  load_timer_ = services_.loop.at(began_ + policy_.load_timeout, [this] {
    load_timer_ = 0;
    give_up(Error{.code = Code::deadline_exceeded,
                  .message = "its load took longer than load_timeout",
                  .object = component_object(spec_.name),
                  .needed = "a load within " + format_duration(policy_.load_timeout),
                  .remedy = "raise load_timeout in dm.pool, or make its open faster"},
            /*by_operator=*/false);
  });
  files_identity_ = services_.carrier.files_identity(spec_);
  services_.carrier.prepare(spec_,
                            [this](Result<std::unique_ptr<Loaded>> prepared) { on_prepared(std::move(prepared)); });
}

void Incarnation::on_prepared(Result<std::unique_ptr<Loaded>> prepared) {
  if (files_identity_.empty()) files_identity_ = services_.carrier.files_identity(spec_);
  if (!given_up_.ok()) return undo(given_up_);
  if (!prepared.ok()) return undo(prepared.status());
  times_ = {.queued = began_ - queued_at_, .prepare = services_.loop.now() - began_, .map = {}, .open = {}};
  loaded_ = std::move(*prepared);
  if (!parked_) return open();
  loaded_->adopt(*parked_);
  if (!parked_->holds_code()) {
    parked_.reset();
    return open();
  }
  // Of another content: it makes room first.
  parked_->release([this](Loaded::Released released) {
    note(released.proof);
    parked_.reset();
    open();
  });
}

void Incarnation::open() {
  if (!given_up_.ok()) return undo(given_up_);
  window_ = services_.windows.open();
  loaded_->open({.number = number_, .policy = policy_, .deadline = began_ + policy_.load_timeout, .cancel = cancel_},
                [this](Loaded::Opened opened) { on_opened(std::move(opened)); });
}

void Incarnation::on_opened(Loaded::Opened opened) {
  times_.map = opened.map;
  times_.open = opened.open;
  added_ = opened.added;
  if (!given_up_.ok()) return undo(given_up_);
  if (!opened.status.ok()) return undo(opened.status);
  if (load_timer_) services_.loop.cancel(std::exchange(load_timer_, 0));
  added_.estimate = services_.windows.close(std::exchange(window_, 0));
  proven_ = false;
  shared_ = false;
  pinned_dependencies_.clear();
  ready_at_ = services_.loop.now();
  slot_.loaded = loaded_.get();
  change(State::ready, load_cause_);
  owner_->on_ready(*this);
  give_place_back();
}

void Incarnation::give_up(Status why, bool by_operator) {
  if (state_ != State::loading || !given_up_.ok()) return;
  given_up_ = why;
  given_up_by_operator_ = by_operator;
  cancel_.cancel();
  owner_->on_given_up(*this, why);
  const bool never_began = is_waiting_for_place();
  give_place_back();  // a plugin that does not listen must not keep others from loading
  if (never_began) undo(why);
}

void Incarnation::give_place_back() {
  services_.loads.leave(std::exchange(place_, 0));
}

// Takes back whatever the load had come to, one step after the other.
void Incarnation::undo(Status why) {
  if (load_timer_) services_.loop.cancel(std::exchange(load_timer_, 0));
  if (given_up_.ok()) given_up_ = std::move(why);
  Loaded* rest = loaded_ ? loaded_.get() : parked_.get();
  if (!rest) return services_.loop.post([this] { on_undone(); });
  const auto release = [this](Loaded* of) {
    if (!of->holds_code()) return on_undone();
    of->release([this](Loaded::Released released) {
      note(released.proof);
      if (!released.proof.unmapped) kept_because_ = released.proof.cause;
      on_undone();
    });
  };
  if (rest == parked_.get()) return release(rest);
  rest->close([this, release](Loaded::Closed closed) {
    if (closed.leftovers.empty()) return release(loaded_.get());
    kept_because_ = keep(closed.leftovers);
    on_undone();
  });
}

void Incarnation::on_undone() {
  (void)services_.windows.close(std::exchange(window_, 0));
  loaded_.reset();
  parked_.reset();
  give_place_back();
  owner_->on_load_failed(*this, given_up_);
}

void Incarnation::fail(Cause cause) {
  change(State::failed, std::move(cause));
}

void Incarnation::settle(Cause cause) {
  if (kept_because_.empty()) return change(State::unloaded, std::move(cause));
  change(State::resident, {CauseKind::kept, kept_because_});
}

// ---- the way down ----

void Incarnation::drain(Cause cause) {
  const uint64_t inside = slot_.gate.close();
  waits_ = true;
  change(State::draining, std::move(cause));
  if (inside == 0) on_drained();  // otherwise the end of the last lease leads there, or the owner turns back
}

bool Incarnation::drain_if_idle(Cause cause) {
  if (!slot_.gate.close_if_empty()) return false;
  waits_ = true;
  change(State::draining, std::move(cause));
  on_drained();
  return true;
}

// What it is told of may be long ago: then the gate is open again, or closing has begun.
void Incarnation::notice_leases() {
  if (waits_for_leases() && !slot_.gate.is_open() && leases() == 0) on_drained();
}

void Incarnation::on_drained() {
  waits_ = false;
  if (!loaded_->has_veto() || insists_) return close();
  loaded_->ask_veto([this](const Status& answer) {
    if (answer.ok() || insists_) return close();
    owner_->on_objection(*this, answer);
  });
}

void Incarnation::ask_again() {
  if (state_ == State::draining && !waits_) on_drained();
}

void Incarnation::reopen(Cause cause) {
  waits_ = false;
  change(State::ready, std::move(cause));
}

void Incarnation::close() {
  window_ = services_.windows.open();
  returned_resident_bytes_ = 0;
  returned_private_bytes_ = 0;
  returned_estimate_ = false;
  loaded_->close([this](Loaded::Closed closed) { on_closed(std::move(closed)); });
}

void Incarnation::on_closed(Loaded::Closed closed) {
  returned_resident_bytes_ = -closed.returned.resident_bytes;
  returned_private_bytes_ = -closed.returned.private_bytes;
  returned_estimate_ = services_.windows.close(std::exchange(window_, 0));
  slot_.loaded = nullptr;
  if (closed.leftovers.empty()) return owner_->on_closed(*this);
  std::string cause = keep(closed.leftovers);
  proven_ = false;
  change(State::resident, {CauseKind::kept, std::move(cause)});
  owner_->on_gone(*this);
}

std::string Incarnation::keep(const std::vector<std::string>& leftovers) {
  services_.keep(std::move(loaded_));
  left_behind_ = true;
  return "the component left behind: " + join_lines(leftovers);
}

void Incarnation::park(Cause cause) {
  change(State::parked, std::move(cause));
}

void Incarnation::unmap(Cause cause) {
  window_ = services_.windows.open();
  change(State::closing, std::move(cause));
  loaded_->release([this](Loaded::Released released) { on_released(std::move(released)); });
}

void Incarnation::on_released(Loaded::Released released) {
  returned_resident_bytes_ -= released.returned.resident_bytes;
  returned_private_bytes_ -= released.returned.private_bytes;
  returned_estimate_ |= services_.windows.close(std::exchange(window_, 0));
  note(released.proof);
  loaded_.reset();
  if (proven_) {
    change(State::unloaded, cause_);
  } else {
    change(State::resident, {CauseKind::kept, released.proof.cause});
  }
  owner_->on_gone(*this);
}

void Incarnation::note(const UnmapReport& proof) {
  proven_ = proof.unmapped;
  shared_ = proof.in_use;
  pinned_dependencies_ = proof.pinned_dependencies;
}

// ---- caches ----

bool Incarnation::trim_if_idle(Cause cause) {
  if (trimming_ || !slot_.gate.close_if_empty()) return false;
  trimming_ = true;
  loaded_->trim([this, cause = std::move(cause)](const Status& status) mutable {
    trimming_ = false;
    trimmed_at_ = services_.clock.now_coarse();
    if (status.ok()) change(State::trimmed, std::move(cause));
    owner_->on_trimmed(*this, status);
  });
  return true;
}

void Incarnation::notice_use() {
  if (state_ == State::trimmed) change(State::ready, {CauseKind::use, "called again"});
}

}  // namespace dormouse
