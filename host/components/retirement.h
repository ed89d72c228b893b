// The end of an incarnation that was replaced: drains it, closes it, unmaps it. The incarnation never serves again. An
// objection (veto) of the component only delays the close: the component is asked again. When drain_timeout has passed,
// the calls that are left are cancelled, and objections no longer count.
//
// Owner: the ComponentLife. Registry's loop thread only. It fails with nothing: the outcome is the incarnation's state.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "components/incarnation.h"

namespace dormouse {

class Retirement;

class RetirementListener {
 public:
  virtual ~RetirementListener() = default;
  // The state of the old incarnation has changed.
  virtual void on_retirement_change() = 0;
  virtual void on_retirement_objection(const Status& why) = 0;
  // The retirement is done. The listener destroys `of`, after this call has returned.
  virtual void on_retired(Retirement& of) = 0;
};

class Retirement final : public IncarnationOwner {
 public:
  Retirement(std::unique_ptr<Incarnation> old, const LifeServices& services, RetirementListener& listener)
      : old_(std::move(old)), services_(services), listener_(listener) {}
  ~Retirement() override;

  // How often a component that objects is asked again.
  static constexpr Duration kAskAgain = std::chrono::seconds(1);

  // Begins to drain. Calls that are cancelled at `drain_timeout` end with the error `why`.
  void begin(Cause cause, Duration drain_timeout, Status why);
  // From now on no objection counts: the host stops, or the component is retired.
  void insist();
  // Cancels the calls that are left, and insists.
  void cancel_calls();

  const Incarnation& incarnation() const { return *old_; }
  LeaseSlot& slot() const { return old_->slot(); }
  // From the replacement to the end of the last lease.
  Duration drained_in() const { return drained_at_ - began_; }
  bool cancelled_calls() const { return cancelled_calls_; }
  // The last objection of the component; ok: it never objected.
  const Status& objection() const { return objection_; }
  // The last lease of slot() may have ended (Incarnation::notice_leases).
  void notice_leases();

  void on_change(Incarnation& of) override;
  void on_ready(Incarnation&) override {}
  void on_given_up(Incarnation&, const Status&) override {}
  void on_load_failed(Incarnation&, const Status&) override {}
  void on_objection(Incarnation& of, const Status& why) override;
  void on_closed(Incarnation& of) override;
  void on_gone(Incarnation& of) override;
  void on_trimmed(Incarnation&, const Status&) override {}

 private:
  void stop_timers();

  const std::unique_ptr<Incarnation> old_;
  const LifeServices& services_;
  RetirementListener& listener_;
  Status why_;
  Time began_{};
  Time drained_at_{};
  bool cancelled_calls_ = false;
  bool asks_again_ = false;  // an objection waits for its timer
  Status objection_;
  EventLoop::TimerId drain_timer_ = 0;
  EventLoop::TimerId ask_timer_ = 0;
};

}  // namespace dormouse
