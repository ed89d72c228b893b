// The wrapper `timeout`: the clock of one stage. It runs while the stage works and stands still while it waits for a
// load. Without a wait there is no timer, so a stage that ends at once pays nothing. Loop thread.
#pragma once

#include "base/clock.h"
#include "exec/event_loop.h"
#include "pipeline/arrivals.h"

namespace dormouse {

class Timeout {
 public:
  // For a new stage. Nothing of an earlier one runs.
  void begin(Duration allowed) { left_ = allowed; }
  // Arrivals::on_timeout comes when the time is used up. A clock that runs is left alone.
  void run(Time now, const Completion& completion);
  void pause(Time now, EventLoop& loop);
  void stop(EventLoop& loop);

  // When it will be used up; Time::max() while it stands still.
  Time end() const { return timer_ == 0 ? Time::max() : since_ + left_; }
  // At on_timeout: the timer is gone. How long it had run since it last stood still.
  Duration used_up(Time now);

 private:
  Duration left_{};
  Time since_{};
  EventLoop::TimerId timer_ = 0;
};

}  // namespace dormouse
