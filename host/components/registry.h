// The registry: all configured components by name, and the threads that load and close them.
// Knows plugins and components; knows no pipeline, no HTTP, no config file. Its state belongs to one loop thread, which
// the caller runs; loads and closes run on a few loader threads and on the components' own lanes. The table of
// components is an immutable snapshot: a reader sees all of one moment.
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

// Where a component's type stands in its plugin's manifest, found without running code.
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
  // `loop` is run by the caller until after stop() has answered; all references outlive the registry.
  // Errors: failed_precondition, resource_exhausted: state_dir cannot be used.
  static Result<std::unique_ptr<Registry>> create(RegistryOptions options, const Clock& clock, EventLoop& loop,
                                                  EventLog& events, Metrics& metrics);
  ~Registry();

  // Any thread from here on.

  // All of them, or none: those who look at the table never see a part of them. The time grows with the number of all
  // components, so a host adds what is configured in one step.
  // Errors: invalid_argument for a second one of a name.
  Status add(std::vector<ComponentSpec> specs);
  Status add(ComponentSpec spec);
  // Takes a component out: find() does not know it any more, demand is refused, its calls end (at drain_timeout they
  // are cancelled), its code goes. It is freed when no reference to it is left. Errors: not_found.
  Status retire(const std::string& name);

  // Null when there is none. The answer keeps the component, not what is loaded of it.
  std::shared_ptr<Component> find(std::string_view name) const;
  std::vector<std::string> names() const;
  std::vector<ComponentStatus> statuses() const;

  // The type behind a component, from its plugin's manifest. Errors: not_found, or what is wrong with the plugin file.
  Result<Description> describe(const ComponentSpec& spec);

  // What a load of the component would refuse before it runs code of the plugin: for dry runs. Reads the plugin folders
  // anew, so never from a reactor. Errors: load_failed, as the load would say it.
  Status examine(const ComponentSpec& spec);
  PluginIndex& plugins();
  // Scans the plugin folders and tells in events what is new or cannot be used (plugin_notices.h). Blocks on the disk,
  // so never from a reactor.
  PluginIndex::Snapshot scan_plugins(const std::string& cause, const Actor& actor);

  // Replaces all pool policies; the idle clocks of living components are judged anew. Answers what that changes for
  // those that are loaded; with `dry_run` what it would change, and nothing is replaced.
  std::vector<PoolChange> set_pool_policies(std::vector<NamedPoolPolicy> policies, bool dry_run = false);

  // `done` runs once, `finished` once more after an answer that said goes_on, with what it came to in the end; both on
  // the loop thread, and both must only hand over.
  void request(Component& component, Verb verb, VerbOptions options, UniqueFunction<void(VerbAnswer)> done,
               UniqueFunction<void(VerbAnswer)> finished = {});

  // Files of plugins or models may be others than before: reloads, as Verb::reload does, each component that is
  // callable and was loaded from other files; later, on the loop. A file whose load failed is not tried again before
  // its back-off.
  void take_changed_files();

  // Gives up the load of a component that only operators wait for; with `dry_run` says whether that could be done.
  // Their answers are `cancelled`; a plugin that does not listen goes on until its open returns, and is undone then.
  // `done` runs once on the loop thread. Errors: failed_precondition when it is not being loaded, busy when others wait
  // too.
  void give_up_load(Component& component, bool dry_run, UniqueFunction<void(Status)> done);

  // Whether all components with `preload` serve: ok once each of them was ready, unless its latest load has failed. One
  // that sleeps serves: it is loaded on demand. Errors: unavailable, with the first cause. Any thread.
  Status readiness() const;

  // Asks for freed heap to be given back to the system a little later, off all request threads: for parts that let much
  // go without an unload. Cheap and debounced. Any thread.
  void give_heap_back_soon();

  // Starts the loads of all components with `preload`.
  void preload();

  // Opens a component once for its offline methods, runs one, closes it again: on a lane of its own, while the caller
  // waits. The component need not be added. For `dormouse train`. Errors: of loading, and of the method.
  Result<Value> run_offline(OfflineRun run);

  // Ordered stop: refuses demand, cancels loads, waits up to `grace` for leases, closes and unmaps everything.
  // `done` gets what was left behind, one line each, and runs on the loop thread.
  void stop(Duration grace, UniqueFunction<void(std::vector<std::string> leftovers)> done);

 private:
  struct Impl;
  explicit Registry(std::unique_ptr<Impl> state);
  std::unique_ptr<Impl> state_;
  Metrics::Registration collector_;
};

}  // namespace dormouse
