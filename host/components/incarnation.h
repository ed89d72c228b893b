// One incarnation of a component: from a place in the line of loads to the proof that its code is gone, in the order of
// the table in state.h. It does the steps, measures them, and says what happened; what follows from that (who is
// served, what is tried again, what comes next) is its owner's to decide: ComponentLife for the current one,
// Replacement for one that opens beside it, Retirement for one that was replaced.
//
// Registry's loop thread only. It must not be destroyed between a step and its end: `settled()` says when it may be.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "artifacts/component_spec.h"
#include "base/clock.h"
#include "base/status.h"
#include "components/carrier.h"
#include "components/cause.h"
#include "components/component_status.h"
#include "components/lease.h"
#include "components/life_services.h"
#include "components/loaded.h"
#include "components/state.h"

namespace dormouse {

class Incarnation;

// Hears of an incarnation. May begin the next step from inside; must not destroy it there.
class IncarnationOwner {
 public:
  virtual ~IncarnationOwner() = default;
  virtual void on_change(Incarnation& of) = 0;  // its state is another one now
  // It is `ready` since this moment; its gate is still shut.
  virtual void on_ready(Incarnation& of) = 0;
  // Its load is not wanted any more: by an operator, the stop, or load_timeout. Nothing is undone yet.
  virtual void on_given_up(Incarnation& of, const Status& why) = 0;
  // Its load came to nothing and was undone; it is still `loading`. The owner calls fail() or settle().
  virtual void on_load_failed(Incarnation& of, const Status& why) = 0;
  // The component objects to being closed; it is still `draining`.
  virtual void on_objection(Incarnation& of, const Status& why) = 0;
  // It is closed, its code is still mapped; it is still `draining`. The owner calls park(), unmap() or load().
  virtual void on_closed(Incarnation& of) = 0;
  // It is `unloaded` or `resident`, and nothing of it is under way.
  virtual void on_gone(Incarnation& of) = 0;
  virtual void on_trimmed(Incarnation& of, const Status& status) = 0;
};

class Incarnation {
 public:
  // All references outlive it. `slot` is its own until it is settled.
  Incarnation(const ComponentSpec& spec, const LifeServices& services, LeaseSlot& slot, IncarnationOwner& owner);
  ~Incarnation();
  Incarnation(const Incarnation&) = delete;
  Incarnation& operator=(const Incarnation&) = delete;

  // ---- what it is

  State state() const { return state_; }
  const Cause& cause() const { return cause_; }
  uint64_t number() const { return number_; }  // which load of the component; 0: none yet
  LeaseSlot& slot() const { return slot_; }
  uint64_t leases() const { return slot_.gate.inside(); }
  Time ready_at() const { return ready_at_; }
  Time trimmed_at() const { return trimmed_at_; }
  Duration load_took() const { return ready_at_ - queued_at_; }
  const LoadTimes& load_times() const { return times_; }
  const MemoryDelta& added() const { return added_; }
  int64_t returned_resident_bytes() const { return returned_resident_bytes_; }
  bool is_proven() const { return proven_; }
  // Its code stays mapped for somebody else who has the same: no failure, and no proof.
  bool is_shared() const { return shared_; }
  // A thread or a buffer of it is still there, so its code must be.
  bool left_behind() const { return left_behind_; }
  const PoolPolicy& policy() const { return policy_; }
  bool is_trimming() const { return trimming_; }
  // Of a drain: leases are still out. Otherwise closing has begun, and only an objection turns back.
  bool waits_for_leases() const { return state_ == State::draining && waits_; }
  bool is_waiting_for_place() const { return services_.loads.is_waiting(place_); }
  // Why its load is not wanted any more; ok: it is.
  const Status& given_up() const { return given_up_; }
  bool was_given_up_by_operator() const { return given_up_by_operator_; }
  // What is loaded: while it is callable, drains or is parked. Null otherwise.
  Loaded* loaded() const { return state_ == State::loading ? nullptr : loaded_.get(); }
  // Identity of the files that were there right before its load read them (Carrier::files_identity): what came later
  // is newer than it. Where no plugin file was known before: of those that the load found.
  const std::string& files_identity() const { return files_identity_; }
  // What it was prepared with, also while it opens; null: not known yet.
  const LoadedFacts* facts() const { return loaded_ ? &loaded_->facts() : nullptr; }
  // Nothing of it is under way, and no lease of it is held.
  bool settled() const;
  // Fills in what the status of a component says of its current incarnation, and leaves what it does not know.
  void describe(ComponentStatus& status) const;
  IncarnationStatus status() const;

  // ---- who hears

  void set_owner(IncarnationOwner& owner) { owner_ = &owner; }

  // ---- steps

  // Waits for a place, prepares, opens; a parked one opens in the mapping it has when the content is the same.
  void load(uint64_t number, Cause cause, const PoolPolicy& policy);
  // The load is not wanted any more. The plugin's open is asked to stop, and its result is undone when it returns. A
  // load that was given up already stays given up for its first reason.
  void give_up(Status why, bool by_operator);
  // Answers of the owner to on_load_failed.
  void fail(Cause cause);
  void settle(Cause cause);  // as `unloaded`, or `resident` when its code did not go

  // Shuts the gate, and closes it when the last lease ends. The component may object, unless insist() was said.
  void drain(Cause cause);
  // The same, only if there is no lease; false: nothing has changed.
  bool drain_if_idle(Cause cause);
  // From now on no objection is asked for, and a drain whose objection is being waited for goes on.
  void insist() { insists_ = true; }
  // Ends a drain: `ready` again. The owner opens the gate.
  void reopen(Cause cause);
  // Goes on after an objection: asks again, or closes when it insists.
  void ask_again();
  // The last lease of its slot ended at some time: checks, and goes on if that is so.
  void notice_leases();
  void park(Cause cause);
  void unmap(Cause cause);
  // Drops caches; false: there is a lease. The gate is shut meanwhile, and still is in on_trimmed.
  bool trim_if_idle(Cause cause);
  // A trimmed one was called.
  void notice_use();

 private:
  void change(State to, Cause cause);
  void begin_load();
  void on_prepared(Result<std::unique_ptr<Loaded>> prepared);
  void open();
  void on_opened(Loaded::Opened opened);
  void undo(Status why);
  void on_undone();
  void give_place_back();
  void on_drained();
  void close();
  void on_closed(Loaded::Closed closed);
  void on_released(Loaded::Released released);
  std::string keep(const std::vector<std::string>& leftovers);
  void note(const UnmapReport& proof);

  const ComponentSpec& spec_;
  const LifeServices& services_;
  LeaseSlot& slot_;
  IncarnationOwner* owner_;

  State state_ = State::absent;
  Cause cause_;
  std::optional<std::chrono::system_clock::time_point> since_;  // the last change of state
  uint64_t number_ = 0;
  std::unique_ptr<Loaded> loaded_;
  PoolPolicy policy_;  // as of this load

  // A load.
  Cause load_cause_;
  LoadQueue::Ticket place_ = 0;
  Time queued_at_{};
  Time began_{};
  std::string files_identity_;
  EventLoop::TimerId load_timer_ = 0;
  CancelToken cancel_;
  Status given_up_;
  bool given_up_by_operator_ = false;
  std::unique_ptr<Loaded> parked_;  // closed, and its code still mapped, until the next one has it or it is released
  std::string kept_because_;        // of a load that was undone: why its code stays; empty: it does not

  // What was measured.
  LoadTimes times_;
  MemoryDelta added_;
  MemoryWindows::Id window_ = 0;
  int64_t returned_resident_bytes_ = 0;
  int64_t returned_private_bytes_ = 0;
  bool returned_estimate_ = false;
  bool proven_ = false;
  bool shared_ = false;
  bool left_behind_ = false;
  std::vector<std::string> pinned_dependencies_;

  Time ready_at_{};
  Time trimmed_at_{};
  bool waits_ = false;
  bool insists_ = false;
  bool trimming_ = false;
};

}  // namespace dormouse
