// A component: one named, configured use of a type, from its first demand to the proof that it is gone.
// It is owned by the Registry and lives as long as that; what comes and goes is its loaded self. Its state belongs to the
// registry's loop thread: every change happens there, in the order of the table in state.h. Other threads see it through
// the gate (leases) and through status snapshots.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "base/task.h"
#include "components/idle_policy.h"
#include "components/lease.h"
#include "components/manifest.h"
#include "components/memory.h"
#include "components/safety.h"
#include "components/state.h"

namespace dormouse {

class EventLoop;
struct LoadedPlugin;
struct RegistryContext;

// What the config says about a component.
struct ComponentSpec {
  std::string name;     // "nlu.language"
  std::string plugin;   // plugin id
  std::string version;  // empty: the newest
  std::string type;     // empty: the plugin's only type, or the one called like the component
  Value settings;       // as configured; defaults are filled in at load
  bool preload = false;
  bool pinned = false;
};

// Somebody wants to call the component.
struct Demand {
  std::string cause;      // "request", "prefetch", "preload", "control": told in events
  bool retry_now = false; // try a failed load again before its back-off has passed
  // Called exactly once: at once on the calling thread when the component is callable, otherwise on the registry's loop
  // thread. Must only hand over. Errors: load_failed (with cause and remedy), unavailable (stopping),
  // overloaded (too many wait), deadline_exceeded (load_timeout).
  UniqueFunction<void(Result<Lease>)> done;
};

struct LoadTimes {
  Duration queued{};   // waiting for a free loader
  Duration prepare{};  // checks, hash, private copy
  Duration map{};      // dlopen and static constructors
  Duration open{};     // the plugin's open, and its first instances
};

// A snapshot for operators. Taking one changes nothing.
struct ComponentStatus {
  std::string name, type, plugin, version;
  State state = State::absent;
  std::string cause;            // why it is in this state: "request", "idle for 2m", "asked to", "pinned by ..."
  SafetyClass safety = SafetyClass::unmap;
  std::vector<std::string> safety_reasons;
  std::vector<std::string> pinned_dependencies;
  uint64_t generation = 0;      // loads so far; a verb's answer names the one it acted on
  uint64_t leases = 0;
  bool pinned = false;
  unsigned waiters = 0;
  unsigned threads = 0;
  Duration idle{};                          // only while callable
  std::optional<Duration> unload_in;        // only while callable and due to go
  uint64_t mapped_bytes = 0;                // address space of its library while mapped
  int64_t loaded_private_bytes = 0;         // what its last load added to the process
  int64_t loaded_heap_bytes = 0;
  bool loaded_estimate = false;
  int64_t returned_bytes = 0;               // private bytes that came back with its last park or unload
  bool returned_estimate = false;
  bool unmapping_proven = false;            // with state unloaded
  LoadTimes load_times;
  std::vector<std::string> ledger;          // what it holds from the host
  Status last_error;
  std::optional<Duration> retry_in;         // with state failed
};

class Component {
 public:
  Component(ComponentSpec spec, RegistryContext& context);
  ~Component();
  Component(const Component&) = delete;
  Component& operator=(const Component&) = delete;

  const std::string& name() const { return spec_.name; }
  const ComponentSpec& spec() const { return spec_; }

  // A lease if it is callable right now. Any thread, no lock.
  std::optional<Lease> try_acquire();
  // A lease as soon as it is callable, loading it when needed; one load for any number of demands. Any thread.
  void acquire(Demand demand);

  ComponentStatus status() const;  // any thread

  // Of a lease's holder: what it calls.
  LoadedPlugin& loaded() const { return *loaded_; }

 private:
  friend class Lease;
  friend class Registry;
  struct Verb;

  void leave();                            // Lease::release
  // Everything below runs on the registry's loop thread.
  void on_demand(Demand demand);
  void change(State to, std::string cause);
  void start_load();
  void finish_load(Result<std::unique_ptr<LoadedPlugin>> result);
  void fail_load(Status status);
  void open_gate();
  void give_up_load(Status why);
  void begin_drain(IdleStep target, std::string cause);
  void on_drained();
  void close_loaded();
  void on_parked(MemoryDelta returned, std::vector<std::string> leftovers);
  void start_close(std::string cause);
  void trim(std::string cause);
  void look_at_idleness();
  void arm_idle_timer(std::optional<Duration> in);
  void publish();

  const ComponentSpec spec_;
  RegistryContext& context_;

  Gate gate_;
  std::atomic<int64_t> last_used_ns_{0};   // end of the last lease, coarse
  std::unique_ptr<LoadedPlugin> loaded_;   // set before the gate opens, reset after it is shut and empty

  struct Owned;                            // the loop thread's own: waiters, timers, back-off
  std::unique_ptr<Owned> owned_;

  mutable std::mutex published_mutex_;     // guards published_ only
  ComponentStatus published_;
};

}  // namespace dormouse
