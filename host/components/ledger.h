// The ledger of one loaded component: the list of timers, metrics, threads and buffers that the plugin has from the
// host. With it the host can say why a component does not unload, and can undo a failed open or an incomplete close. It
// also has the dm_host, the table through which the plugin calls the services of the host.
// Owner: the LoadedPlugin; shared with timers that are under way. Any thread, unless a function says otherwise.
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

// The functions that a ledger needs from the host.
struct LedgerServices {
  Metrics* metrics = nullptr;
  // Runs `task` on the lane of the component, or drops it when the lane is gone. Any thread.
  std::function<void(Task)> on_lane;
  // Runs `task` on the registry's loop after `delay`; cancel_after(id) prevents that. Any thread.
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

  // What the plugin still has, one line each: "thread 'warmer' (tid 1234)", "2 timers", "3 buffers, 12.0 MiB".
  std::vector<std::string> open_entries() const;

  // Cancels all timers. Before the lane is joined, so that no callback is queued after its end.
  void stop_timers();

  // After the component was closed: cancels timers, frees buffers, joins threads that have ended. Returns what could
  // not be undone, one line each: threads that still run in the library. Does not wait for them.
  std::vector<std::string> settle();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with timers on their way
};

}  // namespace dormouse
