#include "components/replacement.h"

#include <utility>

namespace dormouse {

bool Replacement::is_held_back() {
  return backoff_.holds(services_.loop.now(), [this] { return services_.carrier.files_identity(spec_); });
}

void Replacement::begin(LeaseSlot& slot, uint64_t number, Cause cause, const PoolPolicy& policy) {
  next_ = std::make_unique<Incarnation>(spec_, services_, slot, *this);
  next_->load(number, std::move(cause), policy);
}

void Replacement::give_up(const Status& why, bool by_operator) {
  if (next_) next_->give_up(why, by_operator);
}

void Replacement::on_change(Incarnation& of) {
  if (next_.get() == &of) listener_.on_replacement_change();
}

void Replacement::on_ready(Incarnation&) {
  succeeded();
  listener_.on_replacement_ready(std::move(next_));
}

void Replacement::succeeded() {
  backoff_.succeeded();
  failed_.reset();
}

void Replacement::remember(const Status& why, std::string identity) {
  backoff_.failed(services_.loop.now(), std::move(identity));
  failed_ = FailedReplacement{why, backoff_.failures(), {}};
}

void Replacement::on_load_failed(Incarnation& of, const Status& why) {
  const bool given_up = of.was_given_up_by_operator();
  if (!given_up) remember(why, of.files_identity());
  // Nothing of it is under way any more; but it is in the middle of telling so.
  const std::shared_ptr<Incarnation> gone = std::move(next_);
  services_.loop.post([gone] {});
  listener_.on_replacement_failed(why, given_up);
}

}  // namespace dormouse
