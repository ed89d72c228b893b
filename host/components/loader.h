// The steps of a load and of a close, each on the thread it belongs to. What to do when, and what follows from a
// failure, is decided in incarnation.h on the registry's loop; here nothing knows of states, waiters or timers.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "artifacts/prepare.h"
#include "base/clock.h"
#include "base/status.h"
#include "components/call_options.h"
#include "components/component_status.h"
#include "components/current_call.h"
#include "components/idle_policy.h"
#include "components/ledger.h"
#include "components/library.h"
#include "components/loaded.h"
#include "components/memory.h"
#include "dormouse/ext/batch.h"
#include "dormouse/ext/cache.h"
#include "dormouse/ext/observe.h"
#include "dormouse/ext/trim.h"
#include "dormouse/ext/veto.h"
#include "dormouse/plugin.h"
#include "exec/lane.h"

namespace dormouse {

class BatchQueue;
class FirstInstances;
class OpenCalls;
class OverdueCalls;

// A component that is mapped, and open while `component` says so. Constant while a lease lives, but for instances, each
// of which belongs to the lane thread of its slot.
struct LoadedPlugin {
  std::string name;
  Prepared prepared;
  PoolPolicy policy;  // as of this load, but for max_wait
  // In force now. Shared only so that this struct can be moved.
  std::shared_ptr<std::atomic<Duration>> max_wait = std::make_shared<std::atomic<Duration>>();
  std::unique_ptr<Library> library;
  std::shared_ptr<Ledger> ledger;  // shared with status snapshots
  std::shared_ptr<Lane> lane;
  const Clock* clock = nullptr;
  const dm_type* type = nullptr;
  void* component = nullptr;
  bool opened = false;
  std::vector<const dm_method*> methods;      // in the order of prepared.type->methods
  std::vector<void*> instances;               // by lane slot, min_idle of them made at load; null: none yet
  FirstInstances* first_instances = nullptr;  // while open waits for them; constant while threads start
  const dm_trim* trim = nullptr;
  const dm_veto* veto = nullptr;
  const dm_batch* batch = nullptr;
  const dm_cache* cache = nullptr;
  const dm_observe* observe = nullptr;
  std::vector<std::shared_ptr<BatchQueue>> batches;  // by method; null: its calls are answered one by one
  std::shared_ptr<OverdueCalls> overdue;
  LoadTimes times;
  std::shared_ptr<OpenCalls> calls;
};

// For a CurrentCall while the plugin and its manifest stay where they are.
PluginNames names_of(const LoadedPlugin& plugin);

struct OpenOptions {
  uint32_t purpose = DM_OPEN_SERVE;
  Time deadline = Time::max();
  CancelToken cancel;
  std::string data_dir;
};

// [lane, slot 0] Maps the library unless it is mapped already, compares manifest and table, opens the component, makes
// its first instances. After an error nothing is open once the lane's threads have ended; the library may be mapped.
Status open_on_lane(LoadedPlugin& plugin, const OpenOptions& options);

// [lane, any slot] The instance of this slot, made at first use.
Result<void*> instance_on_lane(LoadedPlugin& plugin, unsigned slot, const dm_call* call);
// What a lane of this component does at the end of its threads: each destroys its instance, and slot 0, which ends
// last, closes the component.
Lane::Hooks lane_hooks(LoadedPlugin& plugin);

// [the thread that may run its static destructors] Library::unmap, named in a crash report.
UnmapReport unmap_library(LoadedPlugin& plugin);

// [lane, slot 0] What the component says to being trimmed or parked; ok when it has no such capability.
Status trim_on_lane(LoadedPlugin& plugin);
Status ask_veto_on_lane(LoadedPlugin& plugin);

}  // namespace dormouse
