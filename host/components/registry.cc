#include "components/registry.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <future>

#include "base/file.h"
#include "components/component_metrics.h"
#include "components/registry_context.h"

namespace dormouse {
namespace {

// A close per component may be under way at once, and each takes one entry; the bound is never met before memory is.
constexpr unsigned kLoaderTasksMax = 65536;
constexpr unsigned kLoaderThreadsMax = 16;

}  // namespace

RegistryContext::RegistryContext(RegistryOptions options, const Clock& clock, EventLoop& loop, EventLog& events,
                                 Metrics& metrics, std::unique_ptr<Lane> loader_lane)
    : options(std::move(options)),
      clock(clock),
      loop(loop),
      events(events),
      metrics(metrics),
      index(this->options.plugins),
      copies(this->options.state_dir + "/libs", this->options.plugins.folders),
      model_copies(this->options.state_dir + "/libs/models", {this->options.state_dir + "/models"},
                   PrivateCopies::Kind::models),
      loaders(std::move(loader_lane)) {}

RegistryContext::~RegistryContext() = default;

namespace {

PoolPolicy policy_for(const std::string& component, const std::map<std::string, PoolPolicy>& policies) {
  for (const std::string& key : {component, std::string("*")})
    if (const auto it = policies.find(key); it != policies.end()) return it->second;
  return {};
}

}  // namespace

PoolPolicy RegistryContext::policy_of(const std::string& component) const {
  std::lock_guard lock(policies_mutex);
  return policy_for(component, policies);
}

LedgerServices RegistryContext::ledger_services(std::function<void(Task)> on_lane) {
  LedgerServices services;
  services.metrics = &metrics;
  services.on_lane = std::move(on_lane);
  services.after = [this](Duration delay, Task task) {
    const uint64_t id = next_ledger_timer.fetch_add(1);
    loop.post([this, id, delay, task = std::move(task)]() mutable {
      ledger_timers[id] = loop.at(loop.now() + delay, [this, id, task = std::move(task)]() mutable {
        ledger_timers.erase(id);
        task();
      });
    });
    return id;
  };
  services.cancel_after = [this](uint64_t id) {
    loop.post([this, id] {
      const auto it = ledger_timers.find(id);
      if (it == ledger_timers.end()) return;
      loop.cancel(it->second);
      ledger_timers.erase(it);
    });
  };
  return services;
}

void RegistryContext::load_slot_freed() {
  if (load_queue.empty() || active_loads >= options.parallel_loads) return;
  Component* next = load_queue.front();
  load_queue.pop_front();
  next->begin_load();
}

bool RegistryContext::all_settled() const {
  return kept.empty() && std::all_of(components.begin(), components.end(), [](const auto& c) { return c->settled(); });
}

void RegistryContext::component_settled() {
  if (std::all_of(components.begin(), components.end(), [](const auto& c) { return c->settled(); })) finish_stop();
}

void RegistryContext::finish_stop() {
  if (!stop_done) return;
  if (stop_timer) loop.cancel(std::exchange(stop_timer, 0));
  std::vector<std::string> lines;
  for (const auto& component : components) {
    if (component->settled()) continue;
    const ComponentStatus status = component->status();
    lines.push_back("component '" + status.name + "' is still " + std::string(to_string(status.state)) + " with " +
                    std::to_string(status.leases) + " leases (" + status.cause + ")");
  }
  for (const auto& plugin : kept)
    for (const std::string& entry : plugin->ledger->open_entries())
      lines.push_back("component '" + plugin->name + "' left " + entry);
  auto done = std::exchange(stop_done, {});
  done(std::move(lines));
}

Result<std::unique_ptr<Registry>> Registry::create(RegistryOptions options, const Clock& clock, EventLoop& loop,
                                                   EventLog& events, Metrics& metrics) {
  for (const std::string& folder : {options.state_dir, options.state_dir + "/libs", options.state_dir + "/data"})
    if (Status made = options.read_only ? Status() : ensure_private_folder(folder); !made.ok()) return made;
  Result<std::unique_ptr<Lane>> loaders =
      Lane::create("loader", {.threads_max = kLoaderThreadsMax, .pending_max = kLoaderTasksMax});
  if (!loaders.ok()) return loaders.status();
  return std::unique_ptr<Registry>(new Registry(
      std::make_unique<RegistryContext>(std::move(options), clock, loop, events, metrics, std::move(*loaders))));
}

Registry::Registry(std::unique_ptr<RegistryContext> context) : context_(std::move(context)) {
  for (const MetricInfo& each : {kComponentLoadSeconds, kComponentLoadPhase, kComponentLoadFailures, kComponentUnload,
                                 kComponentUnloadRefused, kComponentKept})
    context_->metrics.declare(each);
  collector_ = context_->metrics.collect([this](MetricSink& sink) { collect_component_metrics(sink, statuses()); });
}

Registry::~Registry() {
  // Threads of a plugin may still run in code and data that hang on the context; the process is about to end.
  if (context_ && !context_->all_settled()) (void)context_.release();
}

Status Registry::add(ComponentSpec spec) {
  if (find(spec.name))
    return Error{Code::invalid_argument, "is declared twice", "component '" + spec.name + "'", {}, {}, {}};
  context_->components.push_back(std::make_unique<Component>(std::move(spec), *context_));
  Component& added = *context_->components.back();
  context_->by_name.emplace(added.name(), &added);
  return {};
}

Component* Registry::find(std::string_view name) const {
  const auto it = context_->by_name.find(name);
  return it == context_->by_name.end() ? nullptr : it->second;
}

std::vector<std::string> Registry::names() const {
  std::vector<std::string> names;
  for (const auto& component : context_->components) names.push_back(component->name());
  return names;
}

std::vector<ComponentStatus> Registry::statuses() const {
  std::vector<ComponentStatus> statuses;
  statuses.reserve(context_->components.size());
  for (const auto& component : context_->components) statuses.push_back(component->status());
  return statuses;
}

Status Registry::examine(const ComponentSpec& spec) {
  const Status fits = dormouse::examine(spec, context_->options.state_dir, context_->index);
  return fits.ok() ? fits : Status(as_load_failure(spec.name, fits.error()));
}

Result<Description> Registry::describe(const ComponentSpec& spec) {
  Result<PluginEntry> entry = context_->index.find(spec.plugin, spec.version);
  if (!entry.ok()) return entry.status();
  Result<const TypeManifest*> type = choose_type(spec, *entry->manifest);
  if (!type.ok()) return type.status();
  return Description{*entry, *type};
}

PluginIndex& Registry::plugins() {
  return context_->index;
}

std::vector<PoolChange> Registry::set_pool_policies(std::vector<NamedPoolPolicy> policies, bool dry_run) {
  std::map<std::string, PoolPolicy> by_name;
  for (NamedPoolPolicy& named : policies) by_name[named.name] = named.policy;
  std::vector<PoolChange> changes;
  for (const auto& component : context_->components) {
    const std::string& name = component->name();
    const std::optional<PoolPolicy> loaded = component->loaded_policy();
    if (!loaded) continue;
    for (PoolChange& change : pool_changes(name, context_->policy_of(name), *loaded, policy_for(name, by_name)))
      changes.push_back(std::move(change));
  }
  if (dry_run) return changes;
  {
    std::lock_guard lock(context_->policies_mutex);
    context_->policies = std::move(by_name);
  }
  context_->loop.post([context = context_.get()] {
    for (const auto& component : context->components) component->policy_changed();
  });
  return changes;
}

void Registry::request(Component& component, Verb verb, VerbOptions options, UniqueFunction<void(VerbAnswer)> done,
                       UniqueFunction<void(VerbAnswer)> finished) {
  context_->loop.post([&component, verb, options, done = std::move(done), finished = std::move(finished)]() mutable {
    component.request(verb, options, std::move(done), std::move(finished));
  });
}

void Registry::give_up_load(Component& component, bool dry_run, UniqueFunction<void(Status)> done) {
  context_->loop.post(
      [&component, dry_run, done = std::move(done)]() mutable { done(component.give_up_asked_load(dry_run)); });
}

Status Registry::readiness() const {
  for (const auto& component : context_->components) {
    if (!component->spec().preload) continue;
    const ComponentStatus now = component->status();
    // A load that is tried again leaves its failure standing until it has succeeded.
    const bool failed = now.state == State::failed || (now.state == State::loading && !now.last_error.ok());
    if (now.was_ready && !failed) continue;
    const std::string object = "component '" + now.name + "'";
    return Error{Code::unavailable,
                 failed ? now.last_error.to_string_within(object) : "is not loaded yet",
                 object,
                 "a loaded component, for it has `preload`",
                 std::string(to_string(now.state)),
                 failed ? "it is tried again by itself; ctl load " + now.name + " tries at once" : ""};
  }
  return {};
}

void Registry::give_heap_back_soon() {
  context_->heap_return.soon();
}

void Registry::preload() {
  for (const auto& component : context_->components)
    if (component->spec().preload) component->acquire(Demand{"preload", false, [](Result<Lease>) {}});
}

void Registry::stop(Duration grace, UniqueFunction<void(std::vector<std::string> leftovers)> done) {
  context_->loop.post([context = context_.get(), grace, done = std::move(done)]() mutable {
    context->stopping = true;
    context->stop_done = std::move(done);
    context->stop_timer = context->loop.at(context->loop.now() + grace, [context] {
      context->stop_timer = 0;
      context->finish_stop();
    });
    for (const auto& component : context->components) component->stop();
    context->component_settled();
  });
}

Result<Value> Registry::run_offline(OfflineRun run) {
  Result<Prepared> prepared = prepare(run.spec, DM_OPEN_TRAIN, context_->options.state_dir, context_->index,
                                      context_->copies, context_->model_copies);
  if (!prepared.ok()) return prepared.status();
  const MethodManifest* method = prepared->type->find_method(run.method);
  if (!method || !method->offline)
    return Error{
        Code::not_found, "has no offline method '" + run.method + "'", "component '" + run.spec.name + "'", {}, {}, {}};
  const auto index = static_cast<size_t>(method - prepared->type->methods.data());
  const std::string data_dir = context_->options.state_dir + "/data/" + run.spec.name;
  if (Status made = ensure_private_folder(data_dir); !made.ok()) return made;

  LoadedPlugin plugin;
  plugin.name = run.spec.name;
  plugin.prepared = std::move(*prepared);
  plugin.policy.max_instances = 1;
  plugin.clock = &context_->clock;
  plugin.instances.assign(1, nullptr);
  Result<std::unique_ptr<Lane>> lane = Lane::create(plugin.name, {.threads_max = 1, .pending_max = 1});
  if (!lane.ok()) return lane.status();
  plugin.lane = std::move(*lane);
  plugin.lane->set_hooks(lane_hooks(plugin));
  plugin.ledger = std::make_shared<Ledger>(plugin.name, context_->ledger_services([](Task) {}));

  Result<Value> answer = Status(Code::internal, "did not run");
  plugin.lane->submit_control([&] {
    if (Status opened = open_on_lane(plugin, {DM_OPEN_TRAIN, Time::max(), run.cancel, data_dir}); !opened.ok()) {
      answer = opened;
      return;
    }
    CallOptions options;
    options.cancel = run.cancel;
    options.progress = run.progress;
    answer = call_offline(plugin, static_cast<uint32_t>(index), run.input, options);
  });
  plugin.lane->join();
  const std::vector<std::string> leftovers = plugin.ledger->settle();
  if (plugin.library && leftovers.empty()) (void)unmap_library(plugin);
  if (!leftovers.empty()) {
    context_->kept.push_back(std::make_unique<LoadedPlugin>(std::move(plugin)));
  }
  return answer;
}

}  // namespace dormouse
