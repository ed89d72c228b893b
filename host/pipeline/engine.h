// The engine: the scripts of one host, loaded as generations, and the running of requests through them.
// The front door of the box `pipeline`, which knows nothing of HTTP and JSON.
//
// A request belongs to one event loop from start to end, and to the generation it began on.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/events.h"
#include "base/metrics.h"
#include "base/status.h"
#include "base/task.h"
#include "cache/caches.h"
#include "components/registry.h"
#include "exec/event_loop.h"
#include "graph/pipeline_info.h"
#include "graph/script_errors.h"
#include "pipeline/engine_options.h"
#include "pipeline/pipeline.h"

namespace dormouse {

struct GenerationInfo {
  uint64_t number = 0;
  bool serving = false;
  uint64_t in_flight = 0;
  std::vector<std::string> files;
};

struct LoadReport {
  std::vector<ScriptError> errors;  // empty: it serves (or would, with dry_run)
  std::vector<ScriptError> warnings;
  std::vector<PoolChange>
      pool_changes;                  // of components that are loaded: what acts (or would) now or with their next load
  uint64_t generation = 0;           // the new one, or what its number would be; 0 when refused
  Status status;                     // failed_precondition: too many generations are alive, or nothing to go back to
  std::vector<std::string> changes;  // files with another text than what served until now: "a.lua changed"
  uint64_t text_of = 0;              // of a rollback: the generation that served this text before
  std::string unlike_disk;  // of a rollback: how the files on disk differ from what serves now; empty: they do not
};

class Callees;

class Engine {
 public:
  // `loops`: one per reactor, each with Lua states of its own. All references outlive the engine.
  Engine(EngineOptions options, Registry& registry, std::vector<EventLoop*> loops, const Clock& clock, EventLog& events,
         Metrics& metrics);
  // The same on other components than the registry's: fakes, for tests of scripts.
  Engine(EngineOptions options, std::shared_ptr<Callees> callees, std::vector<EventLoop*> loops, const Clock& clock,
         EventLog& events, Metrics& metrics);
  // After its loops have stopped, or with no request in flight.
  ~Engine();
  // Until every generation that nobody holds any more is closed: for tests. Not on a reactor.
  void wait_for_closing();

  // Reads, runs and checks all scripts into a new generation, and opens the Lua states of all loops; when all is well
  // it serves from now on and its pool policies are in force. A refused set changes nothing. A dry run does the same
  // work, in one Lua state, and changes nothing. Not on a reactor; one at a time (a second waits). `actor` is who
  // asked, for the event.
  LoadReport load(bool dry_run, Actor actor = {});
  // The same with the last texts that differ from what serves, whatever is on disk; so a second rollback undoes the
  // first. A reload of the same texts in between changes nothing about that.
  LoadReport rollback(bool dry_run, Actor actor = {});
  // How the files on disk differ from what serves, and why if that is known; empty: they do not, or nothing serves yet.
  // Reads the files only when one of them was touched. Nothing while a load goes on, for which it does not wait. Blocks
  // on the disk, so not on a reactor.
  std::optional<std::string> unlike_disk();

  // Any thread. Null when there is none of that name.
  PipelinePtr find(const std::string& name) const;
  std::vector<PipelineInfo> pipelines() const;
  std::vector<GenerationInfo> generations() const;

  // Runs one request on `loop`, which must be one of the engine's and the calling thread's. `done` runs on the same
  // thread, exactly once, maybe before this returns. The answer names the request for cancel(), on this loop.
  uint64_t run(const PipelinePtr& pipeline, PipelineRequest request, EventLoop& loop,
               UniqueFunction<void(PipelineResponse)> done);
  // The client is gone: ends the request now (`done` runs, with `cancelled`) instead of at its next completion, where
  // its cancel token is looked at. One that has ended is ignored. Same thread as run().
  void cancel(uint64_t request, EventLoop& loop);

  uint64_t in_flight() const;

  // The caches of the serving generation. Any thread.
  Caches& caches();

  // Adds what requests and stages came to; also part of every snapshot of the metrics. Any thread.
  void collect_metrics(MetricSink& sink) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dormouse
