// One incarnation of a component: one load, from its place in the queue of loads to the proof that its code is gone, in
// the order of the table in state.h. It takes the steps, measures them, and reports each result to its owner. It does
// not decide what comes next (which demand to serve, when to load again, when to close); its owner does: ComponentLife
// for the current incarnation, Replacement for one that opens beside it, Retirement for one that was replaced. After an
// incarnation has ended, the same object may load again, with a new number.
//
// Owner: the IncarnationOwner of the moment. Registry's loop thread only. It must not be destroyed while a step is
// under way; none is when settled() is true, or after on_load_failed(). A step that fails ends in a callback of the
// owner.
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

// Receives the reports of an incarnation, on the loop thread. May begin the next step inside a callback; must not
// destroy the incarnation there. Here `of` is the incarnation.
class IncarnationOwner {
 public:
  virtual ~IncarnationOwner() = default;
  virtual void on_change(Incarnation& of) = 0;  // the state has just changed
  // `of` has just become `ready`; its gate is still shut.
  virtual void on_ready(Incarnation& of) = 0;
  // The load was given up: by an operator, the stop, or load_timeout. Nothing is undone yet.
  virtual void on_given_up(Incarnation& of, const Status& why) = 0;
  // The load failed and was undone; `of` is still `loading`. The owner calls fail() or settle().
  virtual void on_load_failed(Incarnation& of, const Status& why) = 0;
  // The component objects to being closed; `of` is still `draining`. The owner calls reopen() or, later, ask_again().
  virtual void on_objection(Incarnation& of, const Status& why) = 0;
  // The component is closed, its code is still mapped; `of` is still `draining`. The owner calls park(), unmap() or
  // load().
  virtual void on_closed(Incarnation& of) = 0;
  // `of` is `unloaded` or `resident`, and no step is under way.
  virtual void on_gone(Incarnation& of) = 0;
  // The trim has ended; if ok, `of` is `trimmed`. Its gate is still shut.
  virtual void on_trimmed(Incarnation& of, const Status& status) = 0;
};

class Incarnation {
 public:
  // All references outlive it. No other incarnation uses `slot` until this one is settled.
  Incarnation(const ComponentSpec& spec, const LifeServices& services, LeaseSlot& slot, IncarnationOwner& owner);
  ~Incarnation();
  Incarnation(const Incarnation&) = delete;
  Incarnation& operator=(const Incarnation&) = delete;

  // ---- what it is

  State state() const { return state_; }
  const Cause& cause() const { return cause_; }
  uint64_t number() const { return number_; }  // which load of the component, from 1; 0: none yet
  LeaseSlot& slot() const { return slot_; }
  uint64_t leases() const { return slot_.gate.inside(); }
  Time ready_at() const { return ready_at_; }
  Time trimmed_at() const { return trimmed_at_; }
  Duration load_took() const { return ready_at_ - queued_at_; }
  const LoadTimes& load_times() const { return times_; }
  const MemoryDelta& added() const { return added_; }
  int64_t returned_resident_bytes() const { return returned_resident_bytes_; }
  bool is_proven() const { return proven_; }  // the code is proven to be unmapped
  // The code stays mapped because another incarnation of equal content uses it: neither a failure nor a proof.
  bool is_shared() const { return shared_; }
  // A thread or a buffer of the plugin is still there, so its code must stay mapped.
  bool left_behind() const { return left_behind_; }
  const PoolPolicy& policy() const { return policy_; }
  bool is_trimming() const { return trimming_; }
  // While `draining`: whether leases still exist. If false, the close has begun, and only an objection can end it.
  bool waits_for_leases() const { return state_ == State::draining && waits_; }
  bool is_waiting_for_place() const { return services_.loads.is_waiting(place_); }
  // Why the load was given up; ok: it was not.
  const Status& given_up() const { return given_up_; }
  bool was_given_up_by_operator() const { return given_up_by_operator_; }
  // The loaded code, from `ready` until it is unmapped, also while `parked`. Null otherwise.
  Loaded* loaded() const { return state_ == State::loading ? nullptr : loaded_.get(); }
  // The identity of the files on disk (Carrier::files_identity), taken right before the load read them. A file that is
  // replaced later has another identity. If no plugin file was known before the load: of the files that the load found.
  const std::string& files_identity() const { return files_identity_; }
  // The facts that the carrier has read, also while the component opens; null: not read yet.
  const LoadedFacts* facts() const { return loaded_ ? &loaded_->facts() : nullptr; }
  // No step is under way, and no lease exists.
  bool settled() const;
  // Fills in the fields of a component's status that belong to its current incarnation; leaves the others unchanged.
  void describe(ComponentStatus& status) const;
  IncarnationStatus status() const;

  // ---- who receives the reports

  void set_owner(IncarnationOwner& owner) { owner_ = &owner; }

  // ---- steps

  // Waits for a place in the queue of loads, prepares, opens. A parked component opens in its old mapping if the
  // content is equal.
  void load(uint64_t number, Cause cause, const PoolPolicy& policy);
  // Gives the load up, and asks the plugin's open to stop; the result of open is undone when open returns. A load that
  // was given up before keeps its first reason.
  void give_up(Status why, bool by_operator);
  // The owner's two answers to on_load_failed. fail(): to `failed`. settle(): to `unloaded`, or to `resident` if the
  // code stays mapped.
  void fail(Cause cause);
  void settle(Cause cause);

  // Shuts the gate, and closes the component when the last lease ends. The component may object, except after insist().
  void drain(Cause cause);
  // Like drain(), if there is no lease; false: there is one, and nothing has changed.
  bool drain_if_idle(Cause cause);
  // From now on objections do not count: the component is not asked any more, and an answer that is still to come is
  // ignored.
  void insist() { insists_ = true; }
  // Ends a drain: `ready` again. The owner opens the gate.
  void reopen(Cause cause);
  // After an objection: asks the component again, or closes it after insist().
  void ask_again();
  // The last lease of the slot may have ended: checks that, and closes the component if it is so.
  void notice_leases();
  // The owner's answers to on_closed: the code stays mapped, or is unmapped.
  void park(Cause cause);
  void unmap(Cause cause);
  // Asks the component to drop its caches, with the gate shut; false: there is a lease or a trim under way.
  // on_trimmed reports the end; the owner opens the gate then.
  bool trim_if_idle(Cause cause);
  // The component was called while `trimmed`: `ready` again.
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
  std::unique_ptr<Loaded> parked_;  // closed, its code still mapped; until the next load adopts or releases the code
  std::string kept_because_;        // why the code of an undone load stays mapped; empty: it does not

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
