// What the life of a component needs of the host around it. All of it outlives every component.
#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/events.h"
#include "base/metrics.h"
#include "components/carrier.h"
#include "components/load_queue.h"
#include "components/memory_windows.h"
#include "components/pool_policies.h"
#include "exec/event_loop.h"

namespace dormouse {

struct LifeServices {
  const Clock& clock;
  EventLoop& loop;
  EventLog& events;
  Metrics& metrics;
  Carrier& carrier;
  const PoolPolicies& policies;
  // Loop thread only, these three.
  LoadQueue& loads;
  MemoryWindows& windows;
  // Takes what a forgotten thread still uses, for good.
  std::function<void(std::unique_ptr<Loaded>)> keep;
};

}  // namespace dormouse
