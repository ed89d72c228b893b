// The wrapper `timeout`: the clock of one stage. The clock runs while the stage works and stands still while the stage
// waits for a load. A stage that ends at once never sets a timer. It does not end the stage: kinds/stage.h does, when
// on_timer() answers so. Owner: the Activation. Thread: the loop's.
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

  // Lets the clock run, if it does not run already. Arrivals::on_timer comes when the time is used up.
  void work(Time now, const Completion& completion);
  void pause(Time now, EventLoop& loop);
  // When the time will be used up; Time::max() while the clock stands still.
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
