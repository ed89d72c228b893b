// The wrapper `fallback`: what stands for a result that could not be made: a value, or what a function makes of the
// error. With a value the stage ends at once. The function of a fallback is inside of this wrapper alone, so no
// timeout and no cache of the stage counts for it. Loop thread.
#pragma once

#include <optional>

#include "pipeline/calls/wrapper.h"

namespace dormouse {

class Fallback final : public Wrapper {
 public:
  struct Plan {
    using Run = Fallback;
    Value value;  // none: a function makes it
  };
  static std::optional<Plan> planned(const Node& node, const PlanSources& sources);

  explicit Fallback(const Plan& plan) : plan_(&plan) {}

  PassOn leave(Wrapped& stage, Ending& ending);
  const Status* stands_for() const { return stands_in_ ? &error_ : nullptr; }
  void stop(EventLoop& loop);

 private:
  const Plan* plan_;
  bool stands_in_ = false;  // its function runs
  Status error_;            // that the function stands for
};

}  // namespace dormouse
