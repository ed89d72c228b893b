// The parts of a host without its listeners, made in order and taken apart in reverse: what `run`, `call`, `check` and
// `train` have in common.
// Main thread only; the threads in it are its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/events.h"
#include "base/metrics.h"
#include "components/registry.h"
#include "config/config.h"
#include "exec/reactor.h"
#include "pipeline/engine.h"

namespace dormouse {

class HostParts {
 public:
  // `threads` data reactors; 0: none, and no engine (for `train`). Adds all components that have a plugin; loads
  // nothing. Errors: of Registry::create, and of starting threads.
  static Result<std::unique_ptr<HostParts>> create(const Config& config, const std::string& state_dir,
                                                   unsigned threads);
  ~HostParts();

  const Clock& clock() const { return clock_; }
  EventLog& events() { return events_; }
  Metrics& metrics() { return metrics_; }
  Registry& registry() { return *registry_; }
  Engine& engine() { return *engine_; }
  // Runs the registry and the control listener: its own thread, so it answers while the data side is saturated.
  Reactor& control_reactor() { return control_; }
  std::vector<Reactor*> data_reactors() const;

  // Closes and unmaps all components, waiting up to `grace` for running calls, then ends the threads. Returns what was
  // left behind, a line each. Idempotent; the destructor does it with no grace.
  std::vector<std::string> stop(Duration grace);

 private:
  HostParts(unsigned threads);

  SystemClock clock_;
  EventLog events_;
  Metrics metrics_;
  Metrics::Registration process_metrics_;
  std::vector<std::unique_ptr<Reactor>> data_;
  Reactor control_;
  std::unique_ptr<Registry> registry_;
  std::unique_ptr<Engine> engine_;
  bool stopped_ = false;
};

// Prints what was found on standard error. False when there are faults.
bool complain_of(const LoadReport& report);
// Loads the scripts into service, and does that.
bool load_scripts_or_complain(Engine& engine);

}  // namespace dormouse
