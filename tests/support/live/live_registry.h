// A registry as the host runs it: a reactor on a thread of its own, the system clock, real loader threads and lanes.
// The manual counterpart is support/component_host.h. Its functions block the calling thread, which is never the
// loop's. Errors are thrown (std::runtime_error).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/events.h"
#include "base/metrics.h"
#include "components/registry.h"
#include "exec/reactor.h"
#include "support/temp_folder.h"

namespace dormouse {

class LiveRegistry {
 public:
  // Without a state_dir in the options, in a folder of its own.
  explicit LiveRegistry(std::vector<std::string> plugin_folders, RegistryOptions options = {});
  ~LiveRegistry();  // stop(), when that was not done

  // Before start().
  Component& add(const std::string& name, const std::string& plugin, Value settings = {});
  // Starts the loop. Nothing unloads on its own unless a policy says so.
  void start();

  Result<Lease> acquire(Component& component);
  VerbAnswer request(Component& component, Verb verb, VerbOptions options = {});
  // With a lease of the caller; inline when the method does that, else on the lane.
  Result<Value> call(const Lease& lease, uint32_t method, const Value& in);
  // Demand, call, and the lease is gone again.
  Result<Value> ask(Component& component, uint32_t method, const Value& in);
  uint32_t method_index(const Component& component, const std::string& method);
  // What could not be undone.
  std::vector<std::string> stop(Duration grace = std::chrono::seconds(10));

  TempFolder state;
  SystemClock clock;
  EventLog events{256};  // small, so that it is full, and its memory flat, after a few loads
  Metrics metrics;
  Reactor loop{0};
  std::unique_ptr<Registry> registry;

 private:
  Result<Value> call_with(Lease lease, uint32_t method, const Value& in);

  bool stopped_ = false;
};

}  // namespace dormouse
