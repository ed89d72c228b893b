#include "support/live/live_registry.h"

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <stdexcept>

namespace dormouse {
namespace {

// One answer from another thread. std::promise would do, but allocates, and some of these waits are measured.
template <class T>
class Answer {
 public:
  void give(T value) {
    std::lock_guard lock(mutex_);
    value_ = std::move(value);
    given_.notify_one();  // under the lock: the waiter owns this object and may end it at once
  }
  // Ends the process when none comes: whoever was to give it still has this object's address, so the caller's frame
  // must not go.
  T wait() {
    std::unique_lock lock(mutex_);
    if (!given_.wait_for(lock, std::chrono::minutes(2), [this] { return value_.has_value(); })) {
      std::fputs("LiveRegistry: no answer within two minutes\n", stderr);
      std::abort();
    }
    return std::move(*value_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable given_;
  std::optional<T> value_;
};

void check(const Status& status) {
  if (!status.ok()) throw std::runtime_error(status.to_string());
}

}  // namespace

LiveRegistry::LiveRegistry(std::vector<std::string> plugin_folders, RegistryOptions options) {
  if (options.state_dir.empty()) options.state_dir = state.path();
  options.plugins.folders = std::move(plugin_folders);
  Result<std::unique_ptr<Registry>> made = Registry::create(std::move(options), clock, loop, events, metrics);
  check(made.status());
  registry = std::move(*made);
  PoolPolicy stay;
  stay.idle_unload.reset();
  registry->set_pool_policies({{"*", stay}});
}

LiveRegistry::~LiveRegistry() {
  if (!stopped_) stop();
}

Component& LiveRegistry::add(const std::string& name, const std::string& plugin, Value settings) {
  ComponentSpec spec;
  spec.name = name;
  spec.plugin = plugin;
  spec.settings = std::move(settings);
  check(registry->add(std::move(spec)));
  return *registry->find(name);
}

void LiveRegistry::start() {
  check(loop.start());
}

Result<Lease> LiveRegistry::acquire(Component& component) {
  Answer<Result<Lease>> answer;
  component.acquire(Demand{"request", true, [&answer](Result<Lease> lease) { answer.give(std::move(lease)); }});
  return answer.wait();
}

VerbAnswer LiveRegistry::request(Component& component, Verb verb, VerbOptions options) {
  Answer<VerbAnswer> answer;
  registry->request(component, verb, options, [&answer](VerbAnswer given) { answer.give(std::move(given)); });
  return answer.wait();
}

Result<Value> LiveRegistry::call(const Lease& lease, uint32_t method, const Value& in) {
  if (runs_inline(lease, method)) return call_inline(lease, method, in, {});
  std::optional<Lease> own = lease.component().try_acquire();
  if (!own) throw std::runtime_error("a leased component is not callable");
  return call_with(std::move(*own), method, in);
}

// With the lease it got and no second one: those are not given any more once the component is to go.
Result<Value> LiveRegistry::ask(Component& component, uint32_t method, const Value& in) {
  Result<Lease> lease = acquire(component);
  if (!lease.ok()) return lease.status();
  if (runs_inline(*lease, method)) return call_inline(*lease, method, in, {});
  return call_with(std::move(*lease), method, in);
}

Result<Value> LiveRegistry::call_with(Lease lease, uint32_t method, const Value& in) {
  Answer<CallResult> answer;
  call_on_lane(std::move(lease), method, in, {}, loop,
               [&answer](CallResult result) { answer.give(std::move(result)); });
  return answer.wait().value;
}

uint32_t LiveRegistry::method_index(const Component& component, const std::string& method) {
  const Result<Description> description = registry->describe(component.spec());
  check(description.status());
  const MethodManifest* found = description->type->find_method(method);
  if (!found) throw std::runtime_error("no method " + method);
  return static_cast<uint32_t>(found - description->type->methods.data());
}

std::vector<std::string> LiveRegistry::stop(Duration grace) {
  stopped_ = true;
  Answer<std::vector<std::string>> leftovers;
  registry->stop(grace, [&leftovers](std::vector<std::string> lines) { leftovers.give(std::move(lines)); });
  std::vector<std::string> lines = leftovers.wait();
  loop.stop();
  loop.join();
  return lines;
}

}  // namespace dormouse
