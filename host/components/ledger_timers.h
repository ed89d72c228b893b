// The timers of all plugins, on the registry's loop. Used by ledgers (ledger.h). Owner: the carrier. Any thread; the
// tasks run on the loop.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>

#include "base/clock.h"
#include "base/task.h"
#include "exec/event_loop.h"

namespace dormouse {

class LedgerTimers {
 public:
  // `loop` outlives this object, and this object outlives its tasks there.
  explicit LedgerTimers(EventLoop& loop) : loop_(loop) {}

  // Runs `task` on the loop after `delay`, unless cancel() of the returned id comes first.
  uint64_t after(Duration delay, Task task);
  void cancel(uint64_t id);

 private:
  EventLoop& loop_;
  std::atomic<uint64_t> next_{1};
  std::map<uint64_t, EventLoop::TimerId> timers_;  // loop thread
};

}  // namespace dormouse
