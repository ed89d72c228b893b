// Makes loaded components: finds and checks the files of a component, and makes a Loaded (loaded.h) that can be opened.
// It opens, closes and decides nothing: the Loaded does the steps, the state machine (incarnation.h) decides.
// Two implementations: InProcessCarrier (in_process.h), and the fake of the unit tests. Owner: the registry; it
// outlives every Loaded. Thread: the registry's loop.
#pragma once

#include <memory>
#include <string>

#include "artifacts/component_spec.h"
#include "base/status.h"
#include "base/task.h"
#include "components/loaded.h"

namespace dormouse {

class Carrier {
 public:
  virtual ~Carrier() = default;

  // Reads and checks the files of a component, on another thread. Runs no code of the plugin. `done` runs on the
  // registry's loop thread, exactly once, never inside the call. Errors: what is wrong with files, settings or model.
  virtual void prepare(const ComponentSpec& spec, UniqueFunction<void(Result<std::unique_ptr<Loaded>>)> done) = 0;

  // The identity on disk of the files that a load would read now. The text differs once a file was replaced. Empty: no
  // plugin file is known yet. A few stat calls, no scan.
  virtual std::string files_identity(const ComponentSpec& spec) const = 0;

  // The memory of a load by the plugin's manifest, in bytes; 0: unknown.
  virtual uint64_t memory_estimate(const ComponentSpec& spec) const = 0;

  // Why two incarnations of the component cannot be open at the same time: "it keeps data in state/data/x". Empty: they
  // can.
  virtual std::string reason_to_close_first(const ComponentSpec& spec) const = 0;
};

}  // namespace dormouse
