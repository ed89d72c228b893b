// The registry: all configured components by name, and the threads that load and close them. It knows plugins and
// components, but no pipeline, no HTTP, no config file.
//
// Owner: the host, one for each process. Threads: any, unless a function says otherwise. Its state belongs to one loop
// thread, which the caller runs; loads and closes run on a few loader threads and on the lanes of the components. The
// table of components is an immutable snapshot: a reader sees the components of one moment.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "artifacts/plugin_index.h"
#include "base/clock.h"
#include "base/events.h"
#include "base/metrics.h"
#include "base/status.h"
#include "base/task.h"
#include "components/call.h"
#include "components/component.h"
#include "components/pool_changes.h"
#include "components/pool_policies.h"
#include "components/registry_options.h"
#include "components/verbs.h"
#include "exec/event_loop.h"

namespace dormouse {

// The plugin of a component, and the component's type in the plugin's manifest; found without running code.
struct Description {
  PluginEntry plugin;
  const TypeManifest* type = nullptr;  // inside plugin.manifest
};

// One run of an offline method. `progress` is called on the lane.
struct OfflineRun {
  ComponentSpec spec;
  std::string method;
  Value input;
  std::function<void(double done, double total, std::string_view what)> progress;
  CancelToken cancel;
};

class Registry {
 public:
  // The caller runs `loop` until stop() has answered; all references outlive the registry.
  // Errors: failed_precondition, resource_exhausted: state_dir cannot be used.
  static Result<std::unique_ptr<Registry>> create(RegistryOptions options, const Clock& clock, EventLoop& loop,
                                                  EventLog& events, Metrics& metrics);
  ~Registry();

  // ---- any thread, from here on

  // Adds all of `specs` or none; a reader of the table never sees a part of them. The time grows with the number of all
  // components, so a host adds all configured components in one call.
  // Errors: invalid_argument for a name that is taken.
  Status add(std::vector<ComponentSpec> specs);
  Status add(ComponentSpec spec);
  // Takes a component out: find() no longer finds it, demand is refused, its calls end (at drain_timeout they are
  // cancelled), its code is unmapped. It is freed with the last reference to it. Errors: not_found.
  Status retire(const std::string& name);

  // Null when no component has that name. The answer keeps the component alive, but not loaded.
  std::shared_ptr<Component> find(std::string_view name) const;
  std::vector<std::string> names() const;
  std::vector<ComponentStatus> statuses() const;

  // The type of a component, from its plugin's manifest. Errors: not_found; the problem of the plugin file.
  Result<Description> describe(const ComponentSpec& spec);

  // For dry runs: makes all checks of a load that need no code of the plugin. Reads the plugin folders again, so never
  // from a reactor. Errors: load_failed, with the text that the load would give.
  Status examine(const ComponentSpec& spec);
  PluginIndex& plugins();
  // Scans the plugin folders, and publishes events for files that are new or cannot be used (plugin_notices.h). Blocks
  // on the disk, so never from a reactor.
  PluginIndex::Snapshot scan_plugins(const std::string& cause, const Actor& actor);

  // Replaces all pool policies; idle components are judged by the new ones at once. Returns the changes for components
  // that are loaded. With `dry_run` it returns the same and changes nothing.
  std::vector<PoolChange> set_pool_policies(std::vector<NamedPoolPolicy> policies, bool dry_run = false);

  // Asks for a verb. `done` runs once, with the answer. After an answer with `goes_on`, `finished` runs once with the
  // final result. Both run on the loop thread and must only hand over.
  void request(Component& component, Verb verb, VerbOptions options, UniqueFunction<void(VerbAnswer)> done,
               UniqueFunction<void(VerbAnswer)> finished = {});

  // Files of plugins or models may have changed: reloads, like Verb::reload, each callable component that was loaded
  // from other files than those on disk; later, on the loop. A file whose load failed is not tried again before its
  // back-off has passed.
  void take_changed_files();
  // Whether `plugins.watch` is on, so that changed files are taken without a verb.
  bool watches_files() const;

  // Gives up a load for which only operators wait, or a replacement; with `dry_run` only checks whether it could. The
  // waiting verbs are answered `cancelled`. A plugin that ignores the cancel goes on until its open returns, and is
  // undone then. `done` runs once on the loop thread. Errors: failed_precondition when nothing is being loaded, busy
  // when requests wait too.
  void give_up_load(Component& component, bool dry_run, UniqueFunction<void(Status)> done);

  // Whether all components with `preload` serve: ok once each of them was ready, unless its latest load has failed. A
  // component that idleness has unloaded counts as serving: demand loads it. Errors: unavailable, with the first cause.
  Status readiness() const;

  // Asks the registry to give freed heap back to the system a little later, off all request threads. For code that
  // frees much memory without an unload. Cheap; many calls in a short time do the work once.
  void give_heap_back_soon();

  // Starts the loads of all components with `preload`.
  void preload();

  // Opens a component for its offline methods, runs one of them, and closes the component, on a lane of its own. Blocks
  // the caller. The component need not be added. For `dormouse train`. Errors: those of a load, and the method's.
  Result<Value> run_offline(OfflineRun run);

  // Ordered stop: refuses demand, cancels loads, waits up to `grace` for leases, closes and unmaps all components.
  // `done` runs on the loop thread; `leftovers` names what could not be closed, one line each.
  void stop(Duration grace, UniqueFunction<void(std::vector<std::string> leftovers)> done);

 private:
  struct Impl;
  explicit Registry(std::unique_ptr<Impl> state);
  std::unique_ptr<Impl> state_;
  Metrics::Registration collector_;
};

}  // namespace dormouse
