// The status of a component, for operators: a snapshot. Data; taking it loads nothing and resets no idle clock. Any
// thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "artifacts/safety.h"
#include "base/clock.h"
#include "base/events.h"
#include "base/status.h"
#include "components/overdue_calls.h"
#include "components/state.h"

namespace dormouse {

struct LoadTimes {
  Duration queued{};   // waiting for a free loader
  Duration prepare{};  // checks, hash, private copy
  Duration map{};      // dlopen and static constructors
  Duration open{};     // the plugin's open, and its first instances
};

// The status of an incarnation beside the current one: a replacement that opens, or a replaced one that drains.
struct IncarnationStatus {
  uint64_t number = 0;  // number of its load; ComponentStatus::generation is that of the current incarnation
  State state = State::absent;
  std::string cause;
  std::optional<std::chrono::system_clock::time_point> since;
  uint64_t leases = 0;
  std::string version, plugin_sha256, model_sha256;  // empty while they are not known
};

// The last replacement, if it failed. The incarnation that served before serves on.
struct FailedReplacement {
  Status error;
  unsigned failures = 0;  // in a row
  Duration retry_in{};    // until an automatic replacement may begin again; a changed file ends the wait
};

// A snapshot for operators. Taking one changes nothing.
struct ComponentStatus {
  std::string name, type, plugin, version;
  std::string plugin_path;      // the file from which the mapped code came; empty: no code is mapped
  std::string plugin_identity;  // file_identity() of that file at the load
  std::string plugin_sha256;    // of the current or last load, like model_path and model_sha256
  std::string model_path;       // the trained model; empty: none
  std::string model_sha256;
  State state = State::absent;
  std::string cause;  // of the last change of state: "request", "idle for 2m", "asked to unload", the failure of a load
  SafetyClass safety = SafetyClass::unmap;
  std::vector<std::string> safety_reasons;
  std::vector<std::string> pinned_dependencies;
  uint64_t generation = 0;  // number of the current or last load, from 1; 0: never loaded
  uint64_t leases = 0;
  bool pinned = false;
  std::optional<std::chrono::system_clock::time_point> pinned_at;  // by a verb; such a pin ends with the host
  Actor pinned_by;
  std::optional<std::chrono::system_clock::time_point> since;  // in this state; none: since the host began
  unsigned waiters = 0;
  unsigned threads = 0;
  Duration idle{};                    // only while callable
  std::optional<Duration> unload_in;  // only while callable and due to go
  uint64_t mapped_bytes = 0;          // address space of its library; 0: not mapped
  int64_t loaded_private_bytes = 0;   // bytes that the last load added to the process
  int64_t loaded_heap_bytes = 0;
  bool loaded_estimate = false;
  // Bytes that came back with the last park and unload: of resident memory, and the part that only this process held.
  int64_t returned_resident_bytes = 0;
  int64_t returned_private_bytes = 0;
  bool returned_estimate = false;
  bool unmapping_proven = false;  // with state unloaded
  bool was_ready = false;         // at least once since start
  LoadTimes load_times;
  std::vector<std::string> ledger;   // what the plugin has from the host, one line each (ledger.h)
  std::vector<OverdueCall> overdue;  // calls that still run kCancelGrace after their cancel
  Status last_error;
  std::optional<Duration> retry_in;       // with state failed
  std::vector<IncarnationStatus> beside;  // the replacement that opens, then the replaced ones, oldest first
  std::optional<FailedReplacement> failed_replacement;
};

}  // namespace dormouse
