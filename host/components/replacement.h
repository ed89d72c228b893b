// The replacement of a component: an incarnation that opens beside the current one, and what is remembered of the last
// one that came to nothing. What serves does not notice it before it is ready. Loop thread only.
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
  virtual void on_replacement_change() = 0;
  // It is `ready`, and the listener takes it.
  virtual void on_replacement_ready(std::unique_ptr<Incarnation> next) = 0;
  // It is gone again; what serves is what served before. `given_up`: somebody did not want it any more, which is no
  // failure of its own.
  virtual void on_replacement_failed(const Status& why, bool given_up) = 0;
};

class Replacement final : public IncarnationOwner {
 public:
  Replacement(const ComponentSpec& spec, const LifeServices& services, ReplacementListener& listener)
      : spec_(spec), services_(services), listener_(listener) {}

  bool is_under_way() const { return next_ != nullptr; }
  const Incarnation* incarnation() const { return next_.get(); }
  // What the last one failed with; none: it succeeded, or there was none.
  const std::optional<FailedReplacement>& failed() const { return failed_; }
  Time retry_at() const { return backoff_.retry_at(); }
  // Whether one that no operator asks for waits for its back-off.
  bool is_held_back();
  // What failed may be tried at once.
  void forget() { backoff_.forget(); }

  // None is under way.
  void begin(LeaseSlot& slot, uint64_t number, Cause cause, const PoolPolicy& policy);
  // As Incarnation's.
  void give_up(const Status& why, bool by_operator);

  void on_change(Incarnation& of) override;
  void on_ready(Incarnation& of) override;
  void on_given_up(Incarnation&, const Status&) override {}
  void on_load_failed(Incarnation& of, const Status& why) override;
  // It is handed over when it is ready, so the rest of its life is not heard here.
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
