// The time of a stage by use, for traces and metrics. Data; owned by the NodeRun.
#pragma once

#include "base/clock.h"

namespace dormouse {

struct StageTimes {
  Duration cold{};    // waiting for loads
  Duration queued{};  // waiting for an instance
  Duration ran{};     // in the component or function
};

}  // namespace dormouse
