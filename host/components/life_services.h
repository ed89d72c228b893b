// The services of the host that a ComponentLife and its incarnations use. References only; the registry owns the
// services, and they outlive every component.
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
  // The following three: registry's loop thread only.
  LoadQueue& loads;
  MemoryWindows& windows;
  // Keeps a loaded component for the life of the process, because a thread or a buffer of the plugin still uses it.
  std::function<void(std::unique_ptr<Loaded>)> keep;
};

}  // namespace dormouse
