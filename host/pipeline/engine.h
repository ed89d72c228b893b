// The engine: loads the scripts of one host as generations, and runs requests through their pipelines. (A generation is
// one loaded, checked set of scripts.) The front door of the box `pipeline`; it knows nothing of HTTP and JSON, and
// loads no components (components/registry.h does).
//
// Owner: the host. Threads: any for reading; loading blocks, so never on a reactor; run() and cancel() on the thread of
// the request's loop. A request stays on one event loop, and on the generation on which it began.
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
  std::vector<ScriptError> errors;  // empty: the new generation serves (or would, with dry_run)
  std::vector<ScriptError> warnings;
  std::vector<PoolChange> pool_changes;  // effects of new pool policies on loaded components (pool_changes.h)
  uint64_t generation = 0;               // number of the new generation, also in a dry run; 0: refused
  Status status;                     // failed_precondition: too many generations are alive, or nothing to go back to
  std::vector<std::string> changes;  // files that differ from the texts that served until now: "a.lua changed"
  uint64_t text_of = 0;              // of a rollback: the generation that served this text before
  std::string unlike_disk;  // of a rollback: how the files on disk differ from the texts that serve now; empty: equal
};

class Callees;

class Engine {
 public:
  // `loops`: one per reactor; each gets its own Lua states. All references outlive the engine.
  Engine(EngineOptions options, Registry& registry, std::vector<EventLoop*> loops, const Clock& clock, EventLog& events,
         Metrics& metrics);
  // The same with other components than the registry's: fakes, for tests of scripts.
  Engine(EngineOptions options, std::shared_ptr<Callees> callees, std::vector<EventLoop*> loops, const Clock& clock,
         EventLog& events, Metrics& metrics);
  // Destroy it after its loops have stopped, or when no request is in flight.
  ~Engine();
  // Waits until all generations without a holder are closed: for tests. Not on a reactor.
  void wait_for_closing();

  // Reads, runs and checks all scripts as a new generation, and opens the Lua states of all loops. Without errors the
  // new generation serves from then on, and its pool policies are in force. With errors nothing changes. A dry run does
  // the same work in one Lua state and changes nothing. Not on a reactor. One load at a time; a second one waits.
  // `actor`: the operator who asked, for the event.
  LoadReport load(bool dry_run, Actor actor = {});
  // The same with the last texts that differ from those that serve, not with the files on disk. So a second rollback
  // undoes the first. A reload of equal texts in between does not count.
  LoadReport rollback(bool dry_run, Actor actor = {});
  // How the files on disk differ from the texts that serve, and why if that is known. Empty text: they do not differ,
  // or nothing serves yet. nullopt: a load is under way (this call does not wait for it). Reads the files only when one
  // of them was touched. Blocks on the disk, so not on a reactor.
  std::optional<std::string> unlike_disk();

  // Any thread. Null when no pipeline has that name.
  PipelinePtr find(const std::string& name) const;
  std::vector<PipelineInfo> pipelines() const;
  std::vector<GenerationInfo> generations() const;

  // Runs one request on `loop`, which must be one of the engine's loops and run on the calling thread. `done` runs on
  // the same thread, exactly once, maybe before run() returns; errors are in its response. Returns a number that names
  // the request for cancel() on this loop.
  uint64_t run(const PipelinePtr& pipeline, PipelineRequest request, EventLoop& loop,
               UniqueFunction<void(PipelineResponse)> done);
  // Ends a request now, because its client is gone: `done` runs with `cancelled`. (The request's cancel token alone
  // would end it at its next result.) Ignores a request that has ended. Same thread as run().
  void cancel(uint64_t request, EventLoop& loop);

  uint64_t in_flight() const;

  // The caches of the serving generation. Any thread.
  Caches& caches();

  // Adds the metrics of requests and stages to `sink`; every snapshot of the host's metrics does that. Any thread.
  void collect_metrics(MetricSink& sink) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dormouse
