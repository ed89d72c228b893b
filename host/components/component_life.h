// The life of one component, on the registry's loop thread: who waits for it, when it is loaded, when it goes, what
// replaces it, and what it shows. It decides; its incarnations do the steps (incarnation.h). What operators may ask is
// component_verbs.h, on top of this. The way up (loads, replacement) stands in component_life_load.cc, the way down
// (idleness, drain, close) in component_life_leave.cc, all else in component_life.cc.
//
// Every change of state is in the order of the table in state.h. Nothing here blocks, reads files but by a few stat
// calls, or runs code of a plugin.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "components/component.h"
#include "components/idle_policy.h"
#include "components/incarnation.h"
#include "components/life_services.h"
#include "components/load_backoff.h"
#include "components/pending_verbs.h"
#include "components/replacement.h"
#include "components/retirement.h"
#include "components/waiters.h"

namespace dormouse {

class ComponentLife final : public ComponentListener,
                            public IncarnationOwner,
                            public ReplacementListener,
                            public RetirementListener {
 public:
  // The references outlive it. `on_settled` is called whenever nothing of it is under way any more after end().
  ComponentLife(std::shared_ptr<Component> component, const LifeServices& services, std::function<void()> on_settled);
  ~ComponentLife() override;

  // ---- what it is, for verbs

  const std::string& name() const { return component_->name(); }
  const ComponentSpec& spec() const { return component_->spec(); }
  const LifeServices& services() const { return services_; }
  Incarnation& current() const { return *current_; }
  State state() const { return current_->state(); }
  const Waiters& waiters() const { return waiters_; }
  PendingVerbs& verbs() { return verbs_; }
  bool is_replacing() const { return replacement_.is_under_way(); }
  bool is_pinned() const { return pinned_; }
  // Why it ends; ok: it does not.
  const Status& ending() const { return ending_; }
  PoolPolicy policy() const { return services_.policies.of(name()); }
  ComponentStatus status() const { return component_->status(); }
  // Nothing of any incarnation is under way.
  bool settled() const;

  // ---- what verbs do

  // Forgets that it slept: a trimmed one that was called is `ready`.
  void notice_use();
  void set_pinned(bool pinned, const Actor& actor);
  // Loads anew with what is on disk; from `absent`, `parked`, `unloaded`, `resident`, `failed`.
  void load(Cause cause);
  // Takes it down as far as `target`, when the last lease has ended.
  void drain(IdleStep target, Cause cause);
  // The same, only if there is no lease; false: nothing has changed.
  bool drain_if_idle(IdleStep target, Cause cause);
  bool trim_if_idle(Cause cause);
  void unmap(Cause cause);
  // A drain whose leases did not end: `ready` again.
  void reopen(Cause cause);
  void give_up_load(const Status& why, bool by_operator);
  // Whether a new incarnation could open beside the current one. Errors: busy, one is under way, or too many old ones
  // still drain.
  Status may_replace();
  // Opens it. The current one is callable, and may_replace() is ok. `done`, if it is there, hears when the new one
  // serves and the old one is gone, or only waits for running calls; or that what served before goes on.
  void replace(Cause cause, const Actor& actor, VerbReply done);
  void give_up_replacement(const Status& why);
  // Whether a replacement that no operator asks for waits for its back-off.
  bool is_replacement_held_back() { return replacement_.is_held_back(); }
  Time replacement_retry_at() const { return replacement_.retry_at(); }
  // Whether it is callable, and other files are there than those it was loaded from.
  bool is_outdated() const;
  // Answers all verbs that wait.
  void answer_verbs(const Status& status, const std::string& explanation);

  // ---- what the registry tells

  void policy_changed();
  // Refuses demand with `why`, gives up its load, drains, and lets its code go. For a stop, or for good. `cancels`: at
  // drain_timeout it cancels the calls that are left.
  void end(Status why, Cause cause, bool cancels);

  // ---- what others tell

  void on_demand(Demand demand) override;
  void on_emptied(LeaseSlot& slot) override;
  void on_files() override;
  void on_failures_forgotten() override;
  void on_change(Incarnation& of) override;
  void on_ready(Incarnation& of) override;
  void on_given_up(Incarnation& of, const Status& why) override;
  void on_load_failed(Incarnation& of, const Status& why) override;
  void on_objection(Incarnation& of, const Status& why) override;
  void on_closed(Incarnation& of) override;
  void on_gone(Incarnation& of) override;
  void on_trimmed(Incarnation& of, const Status& status) override;
  void on_replacement_change() override;
  void on_replacement_ready(std::unique_ptr<Incarnation> next) override;
  void on_replacement_failed(const Status& why, bool given_up) override;
  void on_retirement_change() override;
  void on_retirement_objection(const Status& why) override;
  void on_retired(Retirement& of) override;

 private:
  void publish();
  void describe(ComponentSnapshot& shown) const;
  void tell(const std::string& kind, EventFields fields, const std::string& cause) const;
  Actor asked_by() const;

  void serves(Incarnation& of);
  void open_gate();
  void refuse_waiters(const Status& why);
  void move_on();
  void fail(const Status& why);
  Cause reload_cause() const;
  void answer_replaced(const std::string& of_the_old);
  void count_load() const;
  void count_unload(CauseKind reason) const;
  LeaseSlot* free_slot();
  Error no_free_slot() const;

  IdleFacts idle_facts() const;
  void arm_idle_timer();
  void look_at_idleness();
  void stop_timers();

  const std::shared_ptr<Component> component_;
  const LifeServices& services_;
  const std::function<void()> on_settled_;

  std::unique_ptr<Incarnation> current_;
  Replacement replacement_;
  std::vector<std::unique_ptr<Retirement>> retired_;  // oldest first
  uint64_t loads_ = 0;

  Waiters waiters_;
  PendingVerbs verbs_;
  PendingVerbs replacement_verbs_;  // who asked for a replacement
  IdleStep drain_target_ = IdleStep::none;
  Cause drain_cause_;  // of the last drain that was tried
  Status ending_;
  EventLoop::TimerId end_timer_ = 0;

  bool pinned_ = false;
  std::optional<std::chrono::system_clock::time_point> pinned_at_;  // when a verb pinned it
  Actor pinned_by_;

  bool was_ready_ = false;
  Status last_error_;
  LoadBackoff backoff_;
  EventLoop::TimerId retry_timer_ = 0;  // of a preload that failed
  EventLoop::TimerId idle_timer_ = 0;
  std::string served_identity_;  // of the files, at the last load that succeeded
};

}  // namespace dormouse
