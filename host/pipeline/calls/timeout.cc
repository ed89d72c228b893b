#include "pipeline/calls/timeout.h"

#include <algorithm>
#include <utility>

#include "base/units.h"

namespace dormouse {

std::optional<Timeout::Plan> Timeout::planned(const Node& node, const PlanSources&) {
  if (!node.timeout) return std::nullopt;
  return Plan{*node.timeout};
}

void Timeout::work(Time now, const Completion& completion) {
  if (timer_ != 0) return;
  since_ = now;
  timer_ = completion.loop.at(now + left_, [to = completion.to.shared_from_this(), at = completion.at,
                                            its_place = place()] { to->on_timer(at, its_place); });
}

void Timeout::pause(Time now, EventLoop& loop) {
  if (timer_ == 0) return;
  cancel(loop);
  left_ = std::max(Duration::zero(), left_ - (now - since_));
}

GoOn Timeout::on_timer(Wrapped& stage, Ending& ending) {
  timer_ = 0;
  const Time now = stage.now();
  if (stage.is_over(now)) return GoOn::wait;
  stage.times().ran += now - since_;
  ending.outcome = Outcome::timeout;
  ending.error = Error{.code = Code::deadline_exceeded,
                       .message = "took longer than its timeout of " + format_duration(plan_->allowed)};
  return GoOn::out;
}

void Timeout::stop(EventLoop& loop) {
  cancel(loop);
  left_ = plan_->allowed;
}

void Timeout::cancel(EventLoop& loop) {
  if (timer_ != 0) loop.cancel(std::exchange(timer_, 0));
}

}  // namespace dormouse
