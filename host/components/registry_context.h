// What the registry shares with its components, and they with nobody else.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "artifacts/plugin_index.h"
#include "artifacts/private_copies.h"
#include "base/clock.h"
#include "base/events.h"
#include "base/metrics.h"
#include "components/heap_return.h"
#include "components/idle_policy.h"
#include "components/ledger.h"
#include "components/loader.h"
#include "components/registry_options.h"
#include "exec/event_loop.h"
#include "exec/lane.h"

namespace dormouse {

// Marks loads and closes whose memory readings overlap: those are estimates. Loop thread only.
class MemoryWindows {
 public:
  using Id = uint64_t;
  Id open() {
    for (auto& [id, overlapped] : open_) overlapped = true;
    const bool overlapped = !open_.empty();
    open_[next_] = overlapped;
    return next_++;
  }
  // Ends it; true when another one was open at some time in between.
  bool close(Id id) {
    const bool overlapped = open_[id];
    open_.erase(id);
    return overlapped;
  }

 private:
  Id next_ = 1;
  std::map<Id, bool> open_;
};

class Component;

struct RegistryContext {
  RegistryContext(RegistryOptions options, const Clock& clock, EventLoop& loop, EventLog& events, Metrics& metrics,
                  std::unique_ptr<Lane> loader_lane);
  ~RegistryContext();

  // Any thread.
  PoolPolicy policy_of(const std::string& component) const;
  LedgerServices ledger_services(std::function<void(Task)> on_lane);

  // Loop thread.
  void load_slot_freed();    // lets the next queued load begin
  void component_settled();  // while stopping: answers when the last one has
  void finish_stop();
  bool all_settled() const;  // nothing of a plugin can be running any more

  const RegistryOptions options;
  const Clock& clock;
  EventLoop& loop;
  EventLog& events;
  Metrics& metrics;
  PluginIndex index;
  PrivateCopies copies;
  PrivateCopies model_copies;
  std::vector<std::unique_ptr<Component>> components;
  std::unordered_map<std::string_view, Component*> by_name;

  // Prepares, joins, unmaps. Several threads, since a plugin that hangs in its destructors keeps one of them.
  const std::unique_ptr<Lane> loaders;
  HeapReturn heap_return{loop, *loaders};

  mutable std::mutex policies_mutex;
  std::map<std::string, PoolPolicy> policies;

  // Loop thread only from here.
  unsigned active_loads = 0;
  std::deque<Component*> load_queue;
  MemoryWindows windows;
  bool stopping = false;
  EventLoop::TimerId stop_timer = 0;
  UniqueFunction<void(std::vector<std::string>)> stop_done;
  std::vector<std::unique_ptr<LoadedPlugin>> kept;  // libraries that a forgotten thread still uses
  std::map<uint64_t, EventLoop::TimerId> ledger_timers;
  std::atomic<uint64_t> next_ledger_timer{1};
};

}  // namespace dormouse
