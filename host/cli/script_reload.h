// The reload of scripts that SIGHUP asks for: on a thread of its own, one at a time, so that main keeps hearing
// signals. Not `ctl reload`, which the control listener runs; the engine lets only one of both load at a time.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

#include "http/audit.h"
#include "pipeline/engine.h"

namespace dormouse {

class ScriptReload {
 public:
  // `wake` is called on that thread when a reload has ended, and may only hand over. All outlive it.
  ScriptReload(Engine& engine, Audit& audit, std::function<void()> wake)
      : engine_(engine), audit_(audit), wake_(std::move(wake)) {}
  ~ScriptReload();  // waits for the running one: at most scripts.load_cpu_max for each script

  // ---- main thread ----
  // One that runs already may have read the old files: then another one follows.
  void start();
  // After `wake`. True when nothing runs any more.
  bool collect();

 private:
  void run();

  Engine& engine_;
  Audit& audit_;
  const std::function<void()> wake_;
  std::thread thread_;
  std::atomic<bool> ended_{false};
  bool again_ = false;
};

// Writes what was found into the log: errors as `script.fault`, warnings as `script.warning`.
void log_report(const LoadReport& report);

}  // namespace dormouse
