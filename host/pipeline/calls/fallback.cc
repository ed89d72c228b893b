#include "pipeline/calls/fallback.h"

#include <utility>

namespace dormouse {

std::optional<Fallback::Plan> Fallback::planned(const Node& node, const PlanSources&) {
  if (!node.fallback && node.functions[kFallbackSlot] == kNoFunctionId) return std::nullopt;
  return Plan{node.fallback};
}

PassOn Fallback::leave(Wrapped&, Ending& ending) {
  if (std::exchange(stands_in_, false)) {  // what comes out is its function's
    if (ending.outcome != Outcome::ok) return PassOn::out;
    ending.outcome = Outcome::fallback;
    ending.error = std::move(error_);
    return PassOn::out;
  }
  if (ending.outcome == Outcome::ok) return PassOn::out;
  if (plan_->value) {
    ending.outcome = Outcome::fallback;
    ending.value = plan_->value;
    return PassOn::out;
  }
  stands_in_ = true;
  error_ = std::move(ending.error);
  return PassOn::by_function;
}

void Fallback::stop(EventLoop&) {
  stands_in_ = false;
  error_ = Status();
}

}  // namespace dormouse
