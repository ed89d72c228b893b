// The ledger of one component: everything it got from the host, so that "why can it not unload" is a list, and so that
// a failed open or a sloppy close is undone completely. It is also what the component sees of the host: the dm_host
// with its services hangs on it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/status.h"
#include "base/task.h"
#include "dormouse/plugin.h"

namespace dormouse {

// The outside world of a ledger.
struct LedgerServices {
  Metrics* metrics = nullptr;
  // Runs `task` on the lane of the component, or drops it when that is gone. Any thread.
  std::function<void(Task)> on_lane;
  // Runs `task` on the host's own loop after `delay`; the id cancels. Any thread.
  std::function<uint64_t(Duration delay, Task task)> after;
  std::function<void(uint64_t id)> cancel_after;
};

class Ledger {
 public:
  Ledger(std::string component, LedgerServices services);
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  const dm_host* host() const;

  // What the component still holds, one line each: "thread 'warmer' (tid 1234)", "2 timers", "3 buffers, 12.0 MiB".
  std::vector<std::string> open_entries() const;

  // Cancels all timers: before the lane is joined, so that no callback is queued behind the end. Any thread.
  void stop_timers();

  // After close: cancels timers, frees buffers, joins threads that have ended. Returns what could not be undone, as
  // lines: threads still running inside the library. Never waits for them.
  std::vector<std::string> settle();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with timers on their way
};

}  // namespace dormouse
