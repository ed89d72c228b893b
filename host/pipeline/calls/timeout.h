// The wrapper `timeout`: the clock of one stage. It runs while the stage works and stands still while it waits for a
// load. Without a wait there is no timer, so a stage that ends at once pays nothing. Loop thread.
#pragma once

#include <optional>

#include "pipeline/calls/wrapper.h"

namespace dormouse {

class Timeout final : public Wrapper {
 public:
  struct Plan {
    using Run = Timeout;
    Duration allowed{};
  };
  static std::optional<Plan> planned(const Node& node, const PlanSources& sources);

  explicit Timeout(const Plan& plan) : plan_(&plan), left_(plan.allowed) {}

  // Arrivals::on_timer comes when the time is used up. A clock that runs is left alone.
  void work(Time now, const Completion& completion);
  void pause(Time now, EventLoop& loop);
  // When it will be used up; Time::max() while it stands still.
  Time deadline() const { return timer_ == 0 ? Time::max() : since_ + left_; }
  GoOn on_timer(Wrapped& stage, Ending& ending);
  void stop(EventLoop& loop);

 private:
  void cancel(EventLoop& loop);

  const Plan* plan_;
  Duration left_;
  Time since_{};
  EventLoop::TimerId timer_ = 0;
};

}  // namespace dormouse
