// The replacement of a component: an incarnation that opens beside the current one, and the memory of the last such
// incarnation that failed. The current incarnation serves on meanwhile and notices nothing. It is not the end of the
// old incarnation: retirement.h is.
//
// Owner: the ComponentLife. Registry's loop thread only. A failure goes to the listener and into failed().
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "components/component_status.h"
#include "components/incarnation.h"
#include "components/load_backoff.h"

namespace dormouse {

class ReplacementListener {
 public:
  virtual ~ReplacementListener() = default;
  // The state of the new incarnation has changed.
  virtual void on_replacement_change() = 0;
  // The new incarnation is `ready`; the listener takes it over. Its gate is still shut.
  virtual void on_replacement_ready(std::unique_ptr<Incarnation> next) = 0;
  // The new incarnation is undone, and the old one serves on. `given_up`: an operator or the stop gave the load up, so
  // this counts as no failure.
  virtual void on_replacement_failed(const Status& why, bool given_up) = 0;
};

class Replacement final : public IncarnationOwner {
 public:
  Replacement(const ComponentSpec& spec, const LifeServices& services, ReplacementListener& listener)
      : spec_(spec), services_(services), listener_(listener) {}

  bool is_under_way() const { return next_ != nullptr; }
  const Incarnation* incarnation() const { return next_.get(); }  // the one that opens; null: none is under way
  // The failure of the last replacement; none: it succeeded, or there was none.
  const std::optional<FailedReplacement>& failed() const { return failed_; }
  Time retry_at() const { return backoff_.retry_at(); }
  // Whether the back-off forbids an automatic replacement now: it has not passed, and the files are still the same.
  bool is_held_back();
  // A replacement that failed before it began: `identity` is of the files that were no good (Carrier::files_identity).
  void remember(const Status& why, std::string identity);
  // A load has taken the files that are there now: a failure before it does not count any more.
  void succeeded();
  // Ends the back-off: the next replacement may begin at once.
  void forget() { backoff_.forget(); }

  // Begins to open a new incarnation in `slot`. No replacement may be under way.
  void begin(LeaseSlot& slot, uint64_t number, Cause cause, const PoolPolicy& policy);
  // Gives the load up, as Incarnation::give_up does; without one, does nothing.
  void give_up(const Status& why, bool by_operator);

  void on_change(Incarnation& of) override;
  void on_ready(Incarnation& of) override;
  void on_given_up(Incarnation&, const Status&) override {}
  void on_load_failed(Incarnation& of, const Status& why) override;
  // The incarnation has another owner once it is ready, so these reports never come here.
  void on_objection(Incarnation&, const Status&) override {}
  void on_closed(Incarnation&) override {}
  void on_gone(Incarnation&) override {}
  void on_trimmed(Incarnation&, const Status&) override {}

 private:
  const ComponentSpec& spec_;
  const LifeServices& services_;
  ReplacementListener& listener_;
  std::unique_ptr<Incarnation> next_;
  std::optional<FailedReplacement> failed_;
  LoadBackoff backoff_;
};

}  // namespace dormouse
