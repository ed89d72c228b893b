// A registry as tests want it: a clock that moves when told, a loop that runs when told, a state folder of its own,
// real plugins. Loads and closes happen on real threads; waiting for them is waiting for their posts, never sleeping.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/events.h"
#include "base/metrics.h"
#include "components/in_process.h"
#include "components/registry.h"
#include "support/manual_clock.h"
#include "support/manual_loop.h"
#include "support/temp_folder.h"

namespace dormouse {

class ComponentHost {
 public:
  explicit ComponentHost(std::vector<std::string> plugin_folders, RegistryOptions options = {});
  ~ComponentHost();  // stops in order

  // Adds a component called `name` of `plugin`; returns it.
  Component& add(const std::string& name, const std::string& plugin, Value settings = {}, const std::string& type = "");
  void set_policy(const std::string& name, const PoolPolicy& policy);

  // Asks for a lease and runs the loop until the answer is there.
  Result<Lease> acquire(Component& component);
  // Asks without waiting; `result` is filled when the loop runs far enough.
  std::shared_ptr<std::optional<Result<Lease>>> ask(Component& component);
  VerbAnswer request(Component& component, Verb verb, VerbOptions options = {});
  std::shared_ptr<std::optional<VerbAnswer>> start(Component& component, Verb verb, VerbOptions options = {});
  Result<Value> call(const Lease& lease, const std::string& method, const Value& in);

  // What carries a callable component.
  const InProcess& carried(Component& component);

  // Runs the loop until `done`, which no post announces (a lane at work); false after a minute of real time.
  bool await(const std::function<bool()>& done);
  // Runs the loop until the component is in `state`; false when it never gets there.
  bool reach(Component& component, State state);
  // Moves the clock and runs what comes due.
  void pass(Duration time);
  std::vector<std::string> stop(Duration grace = std::chrono::seconds(5));
  // Kinds of all events of a component, in order: "component.loading" ...
  std::vector<std::string> history(const Component& component) const;

  ManualClock clock;
  ManualLoop loop{clock};
  EventLog events{1024};
  Metrics metrics;
  TempFolder state;
  std::unique_ptr<Registry> registry;

 private:
  std::vector<NamedPoolPolicy> policies_;
  bool stopped_ = false;
};

// Whether a file whose path contains `part` is mapped into this process.
bool is_mapped(const std::string& part);
// {"text": text}
Value text_value(const std::string& text);
// {name: value}: one setting of a component.
Value setting(const std::string& name, int64_t value);

}  // namespace dormouse
