#include "components/registry.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/file.h"
#include "base/object_names.h"
#include "components/component_life.h"
#include "components/component_metrics.h"
#include "components/component_verbs.h"
#include "components/heap_return.h"
#include "components/in_process.h"
#include "components/load_failure.h"
#include "components/plugin_notices.h"
#include "exec/lane.h"

namespace dormouse {
namespace {

// A close per component may be under way at once, and each takes one entry; the bound is never met before memory is.
constexpr unsigned kLoaderTasksMax = 65536;
constexpr unsigned kLoaderThreadsMax = 16;

// How often a component that was taken out is looked at, until nobody names it.
constexpr Duration kFreeEvery = std::chrono::seconds(1);

// A file that changed and could not be taken yet is looked at again.
constexpr Duration kLookAgain = std::chrono::seconds(1);

// A component, its life and what operators ask of it.
struct Member {
  Member(ComponentSpec spec, const LifeServices& services, std::function<void()> on_settled)
      : component(std::make_shared<Component>(std::move(spec), services.clock, services.loop, services.policies)),
        life(component, services, std::move(on_settled)),
        verbs(life) {}
  // Whether anybody but its life names it: a generation, a cache, a task on its way.
  bool is_named() const { return component.use_count() > 2; }

  const std::shared_ptr<Component> component;
  ComponentLife life;
  ComponentVerbs verbs;
};

// Never changed once it is in place.
struct Table {
  std::vector<std::shared_ptr<Member>> members;  // in the order they were added
  std::unordered_map<std::string_view, size_t> by_name;

  Member* find(std::string_view name) const {
    const auto found = by_name.find(name);
    return found == by_name.end() ? nullptr : members[found->second].get();
  }
  // A name that two members have; a table in place has none.
  std::optional<std::string> first_repeated_name() const {
    for (size_t i = 0; i < members.size(); ++i)
      if (by_name.at(members[i]->component->name()) != i) return members[i]->component->name();
    return std::nullopt;
  }
  static std::shared_ptr<const Table> of(std::vector<std::shared_ptr<Member>> members) {
    auto table = std::make_shared<Table>();
    table->members = std::move(members);
    table->by_name.reserve(table->members.size());
    for (size_t i = 0; i < table->members.size(); ++i) table->by_name.emplace(table->members[i]->component->name(), i);
    return table;
  }
};

// All members of one moment. Keeps their table while they are walked: the range of a `for` may be a temporary of this,
// and not a member of the table behind a temporary pointer, which would be gone before the first step.
class Members {
 public:
  explicit Members(std::shared_ptr<const Table> table) : table_(std::move(table)) {}
  auto begin() const { return table_->members.begin(); }
  auto end() const { return table_->members.end(); }

 private:
  const std::shared_ptr<const Table> table_;
};

}  // namespace

struct Registry::Impl {
  Impl(RegistryOptions options, const Clock& clock, EventLoop& loop, EventLog& events, Metrics& metrics,
       std::unique_ptr<Lane> loader_lane)
      : loaders(std::move(loader_lane)),
        watches(options.watch),
        loop(loop),
        metrics(metrics),
        heap_return(loop, *loaders),
        loads(options.parallel_loads),
        carrier(std::move(options), clock, loop, events, metrics, *loaders),
        notices(events),
        services{clock,   loop,    events,
                 metrics, carrier, policies,
                 loads,   windows, [this](std::unique_ptr<Loaded> left) { kept.push_back(std::move(left)); }} {}

  // Any thread.
  std::shared_ptr<const Table> snapshot() const {
    const std::lock_guard lock(mutex);
    return table;
  }

  Members members() const { return Members(snapshot()); }

  // ---- loop thread

  // Also one that was taken out and is not freed yet. Null: it is.
  std::shared_ptr<Member> member_of(const Component& component) const {
    const std::shared_ptr<const Table> now = snapshot();
    const auto named = now->by_name.find(component.name());
    if (named != now->by_name.end() && now->members[named->second]->component.get() == &component)
      return now->members[named->second];
    for (const auto& member : retired)
      if (member->component.get() == &component) return member;
    return nullptr;
  }
  bool lives_settled() const {
    const auto is_settled = [](const auto& member) { return member->life.settled(); };
    const std::shared_ptr<const Table> now = snapshot();
    return std::all_of(now->members.begin(), now->members.end(), is_settled) &&
           std::all_of(retired.begin(), retired.end(), is_settled);
  }
  // Nothing of a plugin can be running any more.
  bool all_settled() const { return kept.empty() && lives_settled(); }
  void on_settled();
  void take_changed_files();
  void begin_retirement(const std::shared_ptr<Member>& member);
  void free_retired();
  void finish_stop();

  // Prepares, joins, unmaps. Several threads, since a plugin that hangs in its destructors keeps one of them.
  const std::unique_ptr<Lane> loaders;
  const bool watches;
  EventLoop& loop;
  Metrics& metrics;
  HeapReturn heap_return;
  PoolPolicies policies;
  LoadQueue loads;
  MemoryWindows windows;
  InProcessCarrier carrier;
  PluginNotices notices;                      // any thread
  std::vector<std::unique_ptr<Loaded>> kept;  // what forgotten threads still use
  const LifeServices services;

  mutable std::mutex mutex;  // over the pointer alone
  std::shared_ptr<const Table> table = std::make_shared<Table>();

  EventLoop::TimerId changes_timer = 0;
  std::vector<std::shared_ptr<Member>> retired;
  Impl* left_before = nullptr;  // of a registry that could not be taken down: the one before it
  EventLoop::TimerId free_timer = 0;
  bool stopping = false;
  EventLoop::TimerId stop_timer = 0;
  UniqueFunction<void(std::vector<std::string>)> stop_done;
};

namespace {

const Status& the_host_stops() {
  static const Status stops(Code::unavailable, "the host is stopping");
  return stops;
}

}  // namespace

void Registry::Impl::on_settled() {
  // Not when the host stops: this may be gone before that ran.
  if (!stopping && !retired.empty() && !free_timer) loop.post([this] { free_retired(); });
  if (stopping && lives_settled()) finish_stop();
}

void Registry::Impl::begin_retirement(const std::shared_ptr<Member>& member) {
  retired.push_back(member);
  const std::string& name = member->component->name();
  member->life.end(Error{.code = Code::unavailable,
                         .message = "was removed",
                         .object = component_object(name),
                         .remedy = "take its name out of what asks for it"},
                   {CauseKind::verb, "removed"}, /*cancels=*/true);
  on_settled();
}

void Registry::Impl::take_changed_files() {
  if (changes_timer) loop.cancel(std::exchange(changes_timer, 0));
  if (stopping) return;
  std::optional<Time> again;
  for (const auto& member : members()) {
    ComponentLife& life = member->life;
    if (life.is_on_its_way()) again = again ? *again : loop.now() + kLookAgain;
    if (!life.is_outdated()) continue;
    if (life.is_replacement_held_back()) {
      again = again ? std::min(*again, life.replacement_retry_at()) : life.replacement_retry_at();
      continue;
    }
    // Busy is no end: it is looked at again.
    if (!life.may_replace().ok() || life.current().is_trimming()) {
      again = loop.now() + kLookAgain;
      continue;
    }
    member->verbs.take_changed_files();
    again = again ? *again : loop.now() + kLookAgain;
  }
  if (!again) return;
  changes_timer = loop.at(*again, [this] {
    changes_timer = 0;
    take_changed_files();
  });
}

void Registry::Impl::free_retired() {
  if (free_timer) loop.cancel(std::exchange(free_timer, 0));
  std::erase_if(retired, [](const auto& member) { return member->life.settled() && !member->is_named(); });
  if (retired.empty()) return;
  free_timer = loop.at(loop.now() + kFreeEvery, [this] {
    free_timer = 0;
    free_retired();
  });
}

void Registry::Impl::finish_stop() {
  if (!stop_done) return;
  if (stop_timer) loop.cancel(std::exchange(stop_timer, 0));
  if (free_timer) loop.cancel(std::exchange(free_timer, 0));
  if (changes_timer) loop.cancel(std::exchange(changes_timer, 0));
  std::vector<std::string> lines;
  for (const auto& members : {snapshot()->members, retired})
    for (const auto& member : members) {
      if (member->life.settled()) continue;
      const ComponentStatus status = member->component->status();
      lines.push_back(component_object(status.name) + " is still " + std::string(to_string(status.state)) + " with " +
                      std::to_string(status.leases) + " leases (" + status.cause + ")");
    }
  for (const auto& left : kept)
    for (const std::string& entry : left->activity()->held())
      lines.push_back(component_object(left->component()) + " left " + entry);
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
  return std::unique_ptr<Registry>(
      new Registry(std::make_unique<Impl>(std::move(options), clock, loop, events, metrics, std::move(*loaders))));
}

Registry::Registry(std::unique_ptr<Impl> state) : state_(std::move(state)) {
  for (const MetricInfo& each : {kComponentLoadSeconds, kComponentLoadPhase, kComponentLoadFailures, kComponentUnload,
                                 kComponentUnloadRefused, kComponentReplacements, kComponentKept})
    state_->metrics.declare(each);
  collector_ = state_->metrics.collect([this](MetricSink& sink) { collect_component_metrics(sink, statuses()); });
}

Registry::~Registry() {
  if (!state_ || state_->all_settled()) return;
  // Threads of a plugin may still run in code and data that hang on the state; the process is about to end. It stays
  // named, so that a leak checker knows that it is meant.
  static Impl* last_left = nullptr;
  state_->left_before = std::exchange(last_left, state_.get());
  (void)state_.release();
}

// ---- the table ----

Status Registry::add(std::vector<ComponentSpec> specs) {
  Impl* state = state_.get();
  std::vector<std::shared_ptr<Member>> added;
  added.reserve(specs.size());
  for (ComponentSpec& spec : specs)
    added.push_back(std::make_shared<Member>(std::move(spec), state->services, [state] { state->on_settled(); }));
  {
    const std::lock_guard lock(state->mutex);
    std::vector<std::shared_ptr<Member>> members = state->table->members;
    members.insert(members.end(), added.begin(), added.end());
    std::shared_ptr<const Table> table = Table::of(std::move(members));
    if (const std::optional<std::string> twice = table->first_repeated_name())
      return Error{.code = Code::invalid_argument, .message = "is declared twice", .object = component_object(*twice)};
    state->table = std::move(table);
  }
  // Those that come while the host stops are not loaded any more.
  state->loop.post([state, added = std::move(added)] {
    if (!state->stopping) return;
    for (const auto& member : added)
      member->life.end(the_host_stops(), {CauseKind::stop, "the host stops"}, /*cancels=*/false);
  });
  return {};
}

Status Registry::add(ComponentSpec spec) {
  std::vector<ComponentSpec> one;
  one.push_back(std::move(spec));
  return add(std::move(one));
}

Status Registry::retire(const std::string& name) {
  Impl* state = state_.get();
  std::shared_ptr<Member> gone;
  {
    const std::lock_guard lock(state->mutex);
    std::vector<std::shared_ptr<Member>> members = state->table->members;
    const auto found = std::find_if(members.begin(), members.end(),
                                    [&](const auto& member) { return member->component->name() == name; });
    if (found == members.end())
      return Error{.code = Code::not_found, .message = "is not configured", .object = component_object(name)};
    gone = *found;
    members.erase(found);
    state->table = Table::of(std::move(members));
  }
  state->loop.post([state, gone] { state->begin_retirement(gone); });
  return {};
}

std::shared_ptr<Component> Registry::find(std::string_view name) const {
  const std::shared_ptr<const Table> table = state_->snapshot();
  const Member* member = table->find(name);
  return member ? member->component : nullptr;
}

std::vector<std::string> Registry::names() const {
  std::vector<std::string> names;
  for (const auto& member : state_->members()) names.push_back(member->component->name());
  return names;
}

std::vector<ComponentStatus> Registry::statuses() const {
  const std::shared_ptr<const Table> table = state_->snapshot();
  std::vector<ComponentStatus> statuses;
  statuses.reserve(table->members.size());
  for (const auto& member : table->members) statuses.push_back(member->component->status());
  return statuses;
}

// ---- plugins ----

Status Registry::examine(const ComponentSpec& spec) {
  const Status fits = state_->carrier.examine(spec);
  return fits.ok() ? fits : Status(as_load_failure(spec.name, fits.error()));
}

Result<Description> Registry::describe(const ComponentSpec& spec) {
  Result<PluginEntry> entry = state_->carrier.index().find(spec.plugin, spec.version);
  if (!entry.ok()) return entry.status();
  Result<const TypeManifest*> type = choose_type(spec, *entry->manifest);
  if (!type.ok()) return type.status();
  return Description{*entry, *type};
}

PluginIndex::Snapshot Registry::scan_plugins(const std::string& cause, const Actor& actor) {
  return state_->notices.scan(state_->carrier.index(), cause, actor);
}

PluginIndex& Registry::plugins() {
  return state_->carrier.index();
}

// ---- policies ----

std::vector<PoolChange> Registry::set_pool_policies(std::vector<NamedPoolPolicy> policies, bool dry_run) {
  const PoolPolicies next(policies);
  const std::shared_ptr<const Table> table = state_->snapshot();
  std::vector<PoolChange> changes;
  for (const auto& member : table->members) {
    const std::string& name = member->component->name();
    const std::optional<PoolPolicy> loaded = member->component->loaded_policy();
    if (!loaded) continue;
    for (PoolChange& change : pool_changes(name, state_->policies.of(name), *loaded, next.of(name)))
      changes.push_back(std::move(change));
  }
  if (dry_run) return changes;
  state_->policies.set(policies);
  state_->loop.post([state = state_.get()] {
    for (const auto& member : state->members()) member->life.policy_changed();
  });
  return changes;
}

// ---- verbs ----

void Registry::request(Component& component, Verb verb, VerbOptions options, UniqueFunction<void(VerbAnswer)> done,
                       UniqueFunction<void(VerbAnswer)> finished) {
  state_->loop.post([state = state_.get(), component = component.shared_from_this(), verb, options,
                     done = std::move(done), finished = std::move(finished)]() mutable {
    // One that is not here any more was freed but for this name of it.
    if (const std::shared_ptr<Member> member = state->member_of(*component))
      return member->verbs.request(verb, options, std::move(done), std::move(finished));
    done(VerbAnswer{Status(Code::unavailable, component_object(component->name()) + " was removed"),
                    false,
                    false,
                    {},
                    component->status()});
  });
}

bool Registry::watches_files() const {
  return state_->watches;
}

void Registry::take_changed_files() {
  state_->loop.post([state = state_.get()] { state->take_changed_files(); });
}

void Registry::give_up_load(Component& component, bool dry_run, UniqueFunction<void(Status)> done) {
  state_->loop.post(
      [state = state_.get(), component = component.shared_from_this(), dry_run, done = std::move(done)]() mutable {
        const std::shared_ptr<Member> member = state->member_of(*component);
        done(member ? member->verbs.give_up_load(dry_run)
                    : Status(Code::unavailable, component_object(component->name()) + " was removed"));
      });
}

Status Registry::readiness() const {
  for (const auto& member : state_->members()) {
    if (!member->component->spec().preload) continue;
    const ComponentStatus now = member->component->status();
    // A load that is tried again leaves its failure standing until it has succeeded.
    const bool failed = now.state == State::failed || (now.state == State::loading && !now.last_error.ok());
    if (now.was_ready && !failed) continue;
    const std::string object = component_object(now.name);
    return Error{.code = Code::unavailable,
                 .message = failed ? now.last_error.to_string_within(object) : "is not loaded yet",
                 .object = object,
                 .needed = "a loaded component, for it has `preload`",
                 .found = std::string(to_string(now.state)),
                 .remedy = failed ? "it is tried again by itself; ctl load " + now.name + " tries at once" : ""};
  }
  return {};
}

void Registry::give_heap_back_soon() {
  state_->heap_return.soon();
}

void Registry::preload() {
  for (const auto& member : state_->members())
    if (member->component->spec().preload) member->component->acquire(Demand{"preload", false, [](Result<Lease>) {}});
}

void Registry::stop(Duration grace, UniqueFunction<void(std::vector<std::string> leftovers)> done) {
  state_->loop.post([state = state_.get(), grace, done = std::move(done)]() mutable {
    state->stopping = true;
    state->stop_done = std::move(done);
    state->stop_timer = state->loop.at(state->loop.now() + grace, [state] {
      state->stop_timer = 0;
      state->finish_stop();
    });
    for (const auto& member : state->members())
      member->life.end(the_host_stops(), {CauseKind::stop, "the host stops"}, /*cancels=*/false);
    state->on_settled();
  });
}

Result<Value> Registry::run_offline(OfflineRun run) {
  CallOptions options;
  options.cancel = run.cancel;
  options.progress = run.progress;
  InProcessCarrier::Offline ran = state_->carrier.run_offline(run.spec, run.method, run.input, options);
  if (ran.left) state_->kept.push_back(std::move(ran.left));
  return std::move(ran.answer);
}

}  // namespace dormouse
