#include "pipeline/calls/timeout.h"

#include <algorithm>
#include <utility>

namespace dormouse {

void Timeout::run(Time now, const Completion& completion) {
  if (timer_ != 0) return;
  since_ = now;
  timer_ = completion.loop.at(now + left_,
                              [to = completion.to.shared_from_this(), at = completion.at] { to->on_timeout(at); });
}

void Timeout::pause(Time now, EventLoop& loop) {
  if (timer_ == 0) return;
  stop(loop);
  left_ = std::max(Duration::zero(), left_ - (now - since_));
}

void Timeout::stop(EventLoop& loop) {
  if (timer_ != 0) loop.cancel(std::exchange(timer_, 0));
}

Duration Timeout::used_up(Time now) {
  timer_ = 0;
  return now - since_;
}

}  // namespace dormouse
