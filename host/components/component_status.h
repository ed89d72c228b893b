// A component as operators see it.
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

// One of the incarnations of a component that is not its current one: a replacement that opens, or one that was
// replaced and drains.
struct IncarnationStatus {
  uint64_t number = 0;  // as ComponentStatus::generation counts
  State state = State::absent;
  std::string cause;
  std::optional<std::chrono::system_clock::time_point> since;
  uint64_t leases = 0;
  std::string version, plugin_sha256, model_sha256;  // empty while they are not known
};

// The last replacement that came to nothing. It changed nothing of what serves.
struct FailedReplacement {
  Status error;
  unsigned failures = 0;  // in a row
  Duration retry_in{};    // no replacement begins by itself before that, unless a file changes
};

// A snapshot for operators. Taking one changes nothing.
struct ComponentStatus {
  std::string name, type, plugin, version;
  std::string plugin_path;      // of the file that its code in memory came from; empty while none is
  std::string plugin_identity;  // what that file was then: file_identity()
  std::string plugin_sha256;    // of what is, or was last, loaded; as the next two
  std::string model_path;       // as trained; empty: none
  std::string model_sha256;
  State state = State::absent;
  std::string cause;  // why it is in this state: "request", "idle for 2m", "asked to unload", the failure of its load
  SafetyClass safety = SafetyClass::unmap;
  std::vector<std::string> safety_reasons;
  std::vector<std::string> pinned_dependencies;
  uint64_t generation = 0;  // loads so far; a verb's answer names the one it acted on
  uint64_t leases = 0;
  bool pinned = false;
  std::optional<std::chrono::system_clock::time_point> pinned_at;  // by a verb, which ends with the host
  Actor pinned_by;
  std::optional<std::chrono::system_clock::time_point> since;  // in this state; none: since the host began
  unsigned waiters = 0;
  unsigned threads = 0;
  Duration idle{};                    // only while callable
  std::optional<Duration> unload_in;  // only while callable and due to go
  uint64_t mapped_bytes = 0;          // address space of its library while mapped
  int64_t loaded_private_bytes = 0;   // what its last load added to the process
  int64_t loaded_heap_bytes = 0;
  bool loaded_estimate = false;
  // What came back with its last park and unload: of the resident memory, and of that what only this process held.
  int64_t returned_resident_bytes = 0;
  int64_t returned_private_bytes = 0;
  bool returned_estimate = false;
  bool unmapping_proven = false;  // with state unloaded
  bool was_ready = false;         // at least once since start
  LoadTimes load_times;
  std::vector<std::string> ledger;   // what it holds from the host
  std::vector<OverdueCall> overdue;  // cancelled, and still running kCancelGrace later
  Status last_error;
  std::optional<Duration> retry_in;       // with state failed
  std::vector<IncarnationStatus> beside;  // a replacement first, then what was replaced, oldest first
  std::optional<FailedReplacement> failed_replacement;
};

}  // namespace dormouse
