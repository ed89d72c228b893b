// What the routes may see and do: the parts of the running host, wired in main.
// A struct of references for two route tables, made once; nothing below http knows it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/events.h"
#include "base/metrics.h"
#include "components/crash_store.h"
#include "components/memory_watch.h"
#include "components/registry.h"
#include "pipeline/engine.h"
#include "pipeline/files_watch.h"

namespace dormouse {

class Audit;

struct HostView {
  Registry& registry;
  Engine& engine;
  EventLog& events;
  Metrics& metrics;
  const Clock& clock;
  Time started;
  std::string version;        // of the host
  std::string control_token;  // compared in constant time
  // Ready to serve: scripts loaded, preloads done, not stopping. Any thread.
  std::function<Status()> readiness;
  const MemoryWatch* memory = nullptr;  // null: nobody watches
  const CrashStore* crashes = nullptr;  // null: none are kept
  const FilesWatch* files = nullptr;    // null: nobody watches
  std::shared_ptr<Audit> audit = {};    // null: verbs leave no line
};

}  // namespace dormouse
