// The wrapper `fallback`: replaces a result that could not be made by a value, or by the result of a Lua function that
// gets the error. With a value the stage ends at once. The function runs inside of this wrapper alone, so neither the
// timeout nor the cache of the stage applies to the function. It does not run the function (kinds/stage.h does).
// Owner: the Activation. Thread: the loop's.
#pragma once

#include <optional>

#include "pipeline/calls/wrapper.h"

namespace dormouse {

class Fallback final : public Wrapper {
 public:
  struct Plan {
    using Run = Fallback;
    Value value;  // no value: a function makes the result
  };
  static std::optional<Plan> planned(const Node& node, const PlanSources& sources);

  explicit Fallback(const Plan& plan) : plan_(&plan) {}

  PassOn leave(Wrapped& stage, Ending& ending);
  const Status* stands_for() const { return stands_in_ ? &error_ : nullptr; }
  void stop(EventLoop& loop);

 private:
  const Plan* plan_;
  bool stands_in_ = false;  // the function runs
  Status error_;            // the error that the function replaces
};

}  // namespace dormouse
