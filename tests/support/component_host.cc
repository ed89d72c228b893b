#include "support/component_host.h"

#include <catch2/catch.hpp>
#include <fstream>

namespace dormouse {

ComponentHost::ComponentHost(std::vector<std::string> plugin_folders, RegistryOptions options) {
  options.state_dir = state.path();
  options.plugins.folders = std::move(plugin_folders);
  Result<std::unique_ptr<Registry>> made = Registry::create(std::move(options), clock, loop, events, metrics);
  if (!made.ok()) FAIL(made.status().to_string());
  registry = std::move(*made);
}

ComponentHost::~ComponentHost() {
  if (!stopped_) stop();
}

Component& ComponentHost::add(const std::string& name, const std::string& plugin, Value settings,
                              const std::string& type) {
  ComponentSpec spec;
  spec.name = name;
  spec.plugin = plugin;
  spec.type = type;
  spec.settings = std::move(settings);
  const Status added = registry->add(std::move(spec));
  if (!added.ok()) FAIL(added.to_string());
  return *registry->find(name);
}

void ComponentHost::set_policy(const std::string& name, const PoolPolicy& policy) {
  policies_.push_back({name, policy});
  registry->set_pool_policies(policies_);
  loop.run_ready();
}

std::shared_ptr<std::optional<Result<Lease>>> ComponentHost::ask(Component& component) {
  auto answer = std::make_shared<std::optional<Result<Lease>>>();
  component.acquire(Demand{"request", false, [answer](Result<Lease> lease) { *answer = std::move(lease); }});
  return answer;
}

Result<Lease> ComponentHost::acquire(Component& component) {
  const auto answer = ask(component);
  if (!loop.run_until([&] { return answer->has_value(); })) FAIL("no answer to a demand for " << component.name());
  return std::move(**answer);
}

std::shared_ptr<std::optional<VerbAnswer>> ComponentHost::start(Component& component, Verb verb, VerbOptions options) {
  auto answer = std::make_shared<std::optional<VerbAnswer>>();
  registry->request(component, verb, options, [answer](VerbAnswer a) { *answer = std::move(a); });
  return answer;
}

VerbAnswer ComponentHost::request(Component& component, Verb verb, VerbOptions options) {
  const auto answer = start(component, verb, options);
  if (!loop.run_until([&] { return answer->has_value(); })) FAIL("no answer to " << to_string(verb));
  return std::move(**answer);
}

Result<Value> ComponentHost::call(const Lease& lease, const std::string& method, const Value& in) {
  const Description description = *registry->describe(lease.component().spec());
  const MethodManifest* found = description.type->find_method(method);
  if (!found) FAIL("no method " << method);
  const auto index = static_cast<uint32_t>(found - description.type->methods.data());
  if (runs_inline(lease, index)) return call_inline(lease, index, in, {});
  std::optional<Lease> own = lease.component().try_acquire();
  if (!own) FAIL("a leased component is not callable");
  std::optional<CallResult> result;
  call_on_lane(std::move(*own), index, in, {}, loop, [&](CallResult r) { result = std::move(r); });
  if (!loop.run_until([&] { return result.has_value(); })) FAIL("a call was never answered");
  return std::move(result->value);
}

const InProcess& ComponentHost::carried(Component& component) {
  const std::optional<Lease> lease = component.try_observe();
  if (!lease) FAIL(component.name() << " is not callable");
  return static_cast<const InProcess&>(lease->loaded());
}

bool ComponentHost::await(const std::function<bool()>& done) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!done()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    loop.run_ready();
    std::this_thread::yield();
  }
  return true;
}

bool ComponentHost::reach(Component& component, State state) {
  return loop.run_until([&] { return component.status().state == state; });
}

void ComponentHost::pass(Duration time) {
  loop.advance(time);
}

std::vector<std::string> ComponentHost::stop(Duration grace) {
  stopped_ = true;
  std::optional<std::vector<std::string>> leftovers;
  registry->stop(grace, [&](std::vector<std::string> lines) { leftovers = std::move(lines); });
  if (!loop.run_until([&] { return leftovers.has_value(); })) FAIL("the registry never stopped");
  return *leftovers;
}

std::vector<std::string> ComponentHost::history(const Component& component) const {
  std::vector<std::string> kinds;
  for (const Event& event : events.since(0))
    if (event.object == component.name()) kinds.push_back(event.kind);
  return kinds;
}

bool is_mapped(const std::string& part) {
  std::ifstream maps("/proc/self/maps");
  std::string line;
  while (std::getline(maps, line))
    if (line.find(part) != std::string::npos) return true;
  return false;
}

Value text_value(const std::string& text) {
  ValueWriter writer;
  writer.map_begin();
  writer.key("text");
  writer.string(text);
  writer.map_end();
  return *writer.finish();
}

Value setting(const std::string& name, int64_t value) {
  ValueWriter writer;
  writer.map_begin();
  writer.key(name);
  writer.integer(value);
  writer.map_end();
  return *writer.finish();
}

}  // namespace dormouse
