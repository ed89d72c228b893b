// Carries components: finds what a component would load, and makes it something that can be opened.
// Two implementations: InProcessCarrier, and the fake of the unit tests.
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

  // Reads and checks the files of a component, on another thread. `done` runs on the registry's loop thread, exactly
  // once, never inside the call. Nothing of the plugin has run yet. Errors: what is wrong with its files, settings or
  // model. Loop thread.
  virtual void prepare(const ComponentSpec& spec, UniqueFunction<void(Result<std::unique_ptr<Loaded>>)> done) = 0;

  // What a load would read now, by identity on disk: differs when a file was replaced. Empty: no plugin file is
  // known yet. A few stat calls, no scan. Loop thread.
  virtual std::string files_identity(const ComponentSpec& spec) const = 0;

  // What the manifest says that a load takes, in bytes; 0: unknown. Loop thread.
  virtual uint64_t memory_estimate(const ComponentSpec& spec) const = 0;

  // Whether two incarnations of the component may be open at the same time; otherwise why not: "it keeps data in
  // state/data/x". Loop thread.
  virtual std::string reason_to_close_first(const ComponentSpec& spec) const = 0;
};

}  // namespace dormouse
