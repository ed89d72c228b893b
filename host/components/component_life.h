// The life of one component: decides when it loads, serves, idles, is replaced and is closed; keeps the demands that
// wait, and publishes what the component shows. Its incarnations take the steps (incarnation.h). It does not judge what
// operators may do: component_verbs.h does, on top of this class.
//
// Owner: the registry. Registry's loop thread only. Nothing here blocks, reads files (a few stat calls excepted), or
// runs code of a plugin. Errors go to those who asked: to a demand's `done`, or to a verb's answer.
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
  // The references outlive it. `on_settled` is called after end(), once no incarnation has a step under way.
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
  // The `why` of end(); ok: end() was not called.
  const Status& ending() const { return ending_; }
  PoolPolicy policy() const { return services_.policies.of(name()); }
  ComponentStatus status() const { return component_->status(); }
  // No incarnation has a step under way.
  bool settled() const;

  // ---- what verbs do

  // Changes `trimmed` to `ready` if the component was called since the trim. (Calls do not report that.)
  void notice_use();
  void set_pinned(bool pinned, const Actor& actor);
  // Loads the files that are on disk now; from `absent`, `parked`, `unloaded`, `resident`, `failed`.
  void load(Cause cause);
  // When the last lease has ended, parks or unloads the component, as `target` says.
  void drain(IdleStep target, Cause cause);
  // The same, if there is no lease; false: there is one, and nothing has changed.
  bool drain_if_idle(IdleStep target, Cause cause);
  bool trim_if_idle(Cause cause);
  void unmap(Cause cause);
  // Ends a drain whose leases did not end: `ready` again, with the gate open.
  void reopen(Cause cause);
  void give_up_load(const Status& why, bool by_operator);
  // Whether a new incarnation could open beside the current one. Errors: busy, when a replacement is under way already,
  // or no slot is free because old incarnations still drain.
  Status may_replace();
  // Opens a new incarnation beside the current one, which must be callable; may_replace() must be ok. `done` (may be
  // empty) is answered when the new incarnation serves and the old one is gone, or waits only for running calls; or
  // with the error, when the replacement failed and the old one serves on.
  void replace(Cause cause, const Actor& actor, VerbReply done);
  void give_up_replacement(const Status& why);
  // Prepares the files that are there now, as a load would, and drops what it prepared. `done` is called once, on the
  // loop: ok, or what the load would fail with. None is under way (may_replace), and the life is settled only
  // afterwards.
  void examine(UniqueFunction<void(const Status&)> done);
  // Remembers and reports files that examine() found unfit, as a replacement that failed; `done` is answered with it.
  void refuse_replacement(const Status& why, const Actor& actor, VerbReply done);
  // Whether the back-off of a failed replacement forbids an automatic one now. An operator's reload ignores it.
  bool is_replacement_held_back() { return replacement_.is_held_back(); }
  Time replacement_retry_at() const { return replacement_.retry_at(); }
  // Whether the component is callable and the files on disk differ from those that it was loaded from.
  bool is_outdated() const;
  // Whether it loads, drains or closes: which files it was loaded from is known once that has ended.
  bool is_on_its_way() const {
    return state() == State::loading || state() == State::draining || state() == State::closing;
  }
  // Answers all verbs that wait.
  void answer_verbs(const Status& status, const std::string& explanation);

  // ---- calls of the registry

  void policy_changed();
  // Refuses demand with `why`, gives up a load, drains, and unmaps the code: the host stops, or the component is
  // retired. With `cancels`, running calls are cancelled at drain_timeout.
  void end(Status why, Cause cause, bool cancels);

  // ---- reports of the component, its incarnations, replacement and retirements

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
  PendingVerbs replacement_verbs_;  // reloads that wait for a replacement
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
  bool is_examined_ = false;       // examine() goes on
  std::string examined_identity_;  // of the files that it looks at
  std::string served_identity_;    // of the files, at the last load that succeeded
};

}  // namespace dormouse
