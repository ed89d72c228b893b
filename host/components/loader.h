// The steps of a load and of a close that run plugin code, each with the thread that must call it in brackets. The
// order of steps, and the reaction to a failure, are decided by incarnation.h; nothing here knows states, waiters or
// timers. Owner of a LoadedPlugin: its InProcess. Private to the carrier in_process.
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

// A mapped plugin, with its component once `opened`. Constant while a lease lives, except `instances`, each of which
// belongs to the lane thread of its slot.
struct LoadedPlugin {
  std::string name;
  Prepared prepared;
  PoolPolicy policy;  // of this load; its max_wait may be out of date
  // The longest wait of a call in force. Shared only so that this struct can be moved.
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

// The names for a CurrentCall. They point into `plugin` and its manifest.
PluginNames names_of(const LoadedPlugin& plugin);

struct OpenOptions {
  uint32_t purpose = DM_OPEN_SERVE;
  Time deadline = Time::max();
  CancelToken cancel;
  std::string data_dir;
};

// [lane, slot 0] Maps the library (unless it is mapped already), compares manifest and table, opens the component,
// makes the first instances. After an error the component is closed by the end of the lane's threads; the library may
// stay mapped. Errors: load_failed, broken_contract, the plugin's.
Status open_on_lane(LoadedPlugin& plugin, const OpenOptions& options);

// [lane, any slot] The instance of this slot, made at first use.
Result<void*> instance_on_lane(LoadedPlugin& plugin, unsigned slot, const dm_call* call);
// The hooks for the start and end of the lane's threads: at its end each thread destroys its instance, and slot 0,
// which ends last, closes the component.
Lane::Hooks lane_hooks(LoadedPlugin& plugin);

// Library::unmap, on the thread that may run the plugin's static destructors. A crash in them is reported with the
// plugin's name.
UnmapReport unmap_library(LoadedPlugin& plugin);

// [lane, slot 0] Trims the component; asks it whether it may be closed (an error is its objection). Ok without the
// capability.
Status trim_on_lane(LoadedPlugin& plugin);
Status ask_veto_on_lane(LoadedPlugin& plugin);

}  // namespace dormouse
