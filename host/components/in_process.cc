#include "components/in_process.h"

#include <cassert>
#include <filesystem>
#include <utility>

#include "artifacts/model_files.h"
#include "base/file.h"
#include "base/object_names.h"
#include "components/batch_queue.h"
#include "components/call_job.h"
#include "components/lease.h"
#include "components/open_calls.h"
#include "components/overdue_calls.h"

namespace dormouse {
namespace {

class LaneActivity final : public Activity {
 public:
  explicit LaneActivity(const LoadedPlugin& plugin)
      : lane_(plugin.lane), ledger_(plugin.ledger), overdue_(plugin.overdue) {}
  unsigned threads() const override { return lane_ ? lane_->threads() : 0; }
  std::vector<std::string> held() const override { return ledger_->open_entries(); }
  std::vector<OverdueCall> overdue() const override { return overdue_ ? overdue_->list() : std::vector<OverdueCall>(); }

 private:
  const std::shared_ptr<Lane> lane_;
  const std::shared_ptr<Ledger> ledger_;
  const std::shared_ptr<OverdueCalls> overdue_;
};

LedgerServices ledger_services(const InProcess::Host& host, std::function<void(Task)> on_lane) {
  return {.metrics = &host.metrics,
          .on_lane = std::move(on_lane),
          .after = [&timers = host.timers](Duration delay, Task task) { return timers.after(delay, std::move(task)); },
          .cancel_after = [&timers = host.timers](uint64_t id) { timers.cancel(id); }};
}

// The folder above it as well: somebody may have cleared the state folder of a running host.
Status make_data_folder(const std::string& folder) {
  if (folder.empty()) return {};
  if (Status made = ensure_private_folder(folder.substr(0, folder.rfind('/'))); !made.ok()) return made;
  return ensure_private_folder(folder);
}

// For the methods whose calls are gathered.
void make_batch_queues(LoadedPlugin& plugin) {
  const BatchQueue::Limits limits{.batch_max = plugin.policy.max_batch.value_or(kBatchDefault),
                                  .pending_max = plugin.policy.max_pending,
                                  .delay = plugin.policy.max_delay,
                                  .threads = plugin.policy.max_instances};
  plugin.batches.clear();
  for (const MethodManifest& method : plugin.prepared.type->methods)
    plugin.batches.push_back(method.batch && limits.batch_max > 1 ? std::make_shared<BatchQueue>(limits) : nullptr);
}

}  // namespace

// ---- one component ----

InProcess::InProcess(std::string component, Prepared prepared, const Host& host)
    : Loaded(plugin_.prepared), host_(host) {
  plugin_.name = std::move(component);
  plugin_.prepared = std::move(prepared);
  plugin_.clock = &host.clock;
}

InProcess::InProcess(LoadedPlugin plugin, const Host& host)
    : Loaded(plugin_.prepared), host_(host), plugin_(std::move(plugin)) {
  activity_ = std::make_shared<LaneActivity>(plugin_);
}

InProcess::~InProcess() = default;

void InProcess::on_loader(UniqueFunction<void(unsigned slot)> work) {
  const Status queued = host_.loaders.submit(std::move(work), Lane::Priority::high);
  assert(queued.ok());  // each close takes one place, and there are more than components
  (void)queued;
}

void InProcess::adopt(Loaded& parked) {
  auto& other = static_cast<InProcess&>(parked);  // a component has one carrier
  if (other.facts().sha256 == facts().sha256) plugin_.library = std::move(other.plugin_.library);
}

void InProcess::open(OpenOrder order, UniqueFunction<void(Opened)> done) {
  set_number(order.number);
  plugin_.policy = order.policy;
  plugin_.max_wait->store(order.policy.max_wait);
  plugin_.instances.assign(order.policy.max_instances, nullptr);
  plugin_.overdue = std::make_shared<OverdueCalls>(plugin_.name, host_.loop, host_.events);
  plugin_.calls = std::make_shared<OpenCalls>();
  Result<std::unique_ptr<Lane>> lane =
      Lane::create(plugin_.name, {.threads_max = order.policy.max_instances, .pending_max = order.policy.max_pending});
  if (!lane.ok())
    return host_.loop.post([status = lane.status(), done = std::move(done)]() mutable {
      done({.status = std::move(status), .map = {}, .open = {}, .added = {}});
    });
  plugin_.lane = std::move(*lane);
  plugin_.lane->set_hooks(lane_hooks(plugin_));
  *timers_run_ = true;
  plugin_.ledger = std::make_shared<Ledger>(plugin_.name, ledger_services(host_, [this, run = timers_run_](Task task) {
                                              if (*run) plugin_.lane->submit_control(std::move(task));
                                            }));
  activity_ = std::make_shared<LaneActivity>(plugin_);
  make_batch_queues(plugin_);
  OpenOptions options{.purpose = DM_OPEN_SERVE, .deadline = order.deadline, .cancel = order.cancel, .data_dir = {}};
  options.data_dir = plugin_.prepared.data_dir;
  plugin_.lane->submit_control([this, options = std::move(options), done = std::move(done)]() mutable {
    const MemoryReading before = read_memory();
    Status opened = make_data_folder(options.data_dir);
    if (opened.ok()) opened = open_on_lane(plugin_, options);
    const MemoryDelta added = read_memory() - before;
    host_.loop.post([this, opened = std::move(opened), added, done = std::move(done)]() mutable {
      const bool may_enter = plugin_.cache && plugin_.prepared.safety.safety == SafetyClass::unmap;
      if (opened.ok() && may_enter) set_cache({plugin_.cache, plugin_.component});
      done({.status = std::move(opened), .map = plugin_.times.map, .open = plugin_.times.open, .added = added});
    });
  });
}

void InProcess::trim(UniqueFunction<void(Status)> done) {
  plugin_.lane->submit_control([this, done = std::move(done)]() mutable {
    Status status = trim_on_lane(plugin_);
    plugin_.lane->shrink();
    trim_heap();
    host_.loop.post([status = std::move(status), done = std::move(done)]() mutable { done(std::move(status)); });
  });
}

void InProcess::ask_veto(UniqueFunction<void(Status)> done) {
  plugin_.lane->submit_control([this, done = std::move(done)]() mutable {
    Status status = ask_veto_on_lane(plugin_);
    host_.loop.post([status = std::move(status), done = std::move(done)]() mutable { done(std::move(status)); });
  });
}

void InProcess::close(UniqueFunction<void(Closed)> done) {
  *timers_run_ = false;
  on_loader([this, done = std::move(done)](unsigned slot) mutable {
    const MemoryReading before = read_memory();
    Closed closed;
    if (plugin_.ledger) plugin_.ledger->stop_timers();
    if (plugin_.lane) plugin_.lane->join();
    if (plugin_.ledger) closed.leftovers = plugin_.ledger->settle();
    trim_heap();
    closed.returned = read_memory() - before;
    host_.loaders.returning(slot);
    host_.loop.post([this, closed = std::move(closed), done = std::move(done)]() mutable {
      set_cache({});
      if (closed.leftovers.empty()) {
        activity_.reset();
        plugin_.lane.reset();
        plugin_.ledger.reset();
      }
      done(std::move(closed));
    });
  });
}

void InProcess::release(UniqueFunction<void(Released)> done) {
  on_loader([this, done = std::move(done)](unsigned slot) mutable {
    const MemoryReading before = read_memory();
    Released released;
    if (host_.options.unmap) {
      released.proof = unmap_library(plugin_);
    } else {
      released.proof.cause = "this host was started to keep libraries mapped";
    }
    trim_heap();
    released.returned = read_memory() - before;
    host_.loaders.returning(slot);
    host_.loop.post([this, released = std::move(released), done = std::move(done)]() mutable {
      plugin_.library.reset();
      done(std::move(released));
    });
  });
}

void InProcess::follow(const PoolPolicy& policy) {
  plugin_.max_wait->store(policy.max_wait);
  plugin_.lane->set_pending_max(policy.max_pending);
  for (const auto& batch : plugin_.batches)
    if (batch) batch->set_pending_max(policy.max_pending);
}

void InProcess::cancel_calls(const Status& why) {
  plugin_.calls->cancel_all(why);
}

// ---- the carrier ----

InProcessCarrier::InProcessCarrier(RegistryOptions options, const Clock& clock, EventLoop& loop, EventLog& events,
                                   Metrics& metrics, Lane& loaders)
    : options_(std::move(options)),
      index_(options_.plugins),
      copies_(options_.state_dir + "/libs", options_.plugins.folders),
      model_copies_(options_.state_dir + "/libs/models", {options_.state_dir + "/models"}, PrivateCopies::Kind::models),
      timers_(loop),
      host_{options_, clock, loop, events, metrics, timers_, loaders} {}

void InProcessCarrier::prepare(const ComponentSpec& spec, UniqueFunction<void(Result<std::unique_ptr<Loaded>>)> done) {
  // Shared, so that a refused submit can still answer it.
  const auto answer = std::make_shared<decltype(done)>(std::move(done));
  const Status queued = host_.loaders.submit(
      [this, spec, answer](unsigned slot) {
        Result<Prepared> prepared =
            dormouse::prepare(spec, DM_OPEN_SERVE, options_.state_dir, index_, copies_, model_copies_);
        using Made = Result<std::unique_ptr<Loaded>>;
        Made made = prepared.ok() ? Made(std::make_unique<InProcess>(spec.name, std::move(*prepared), host_))
                                  : Made(prepared.status());
        host_.loaders.returning(slot);
        host_.loop.post([answer, made = std::move(made)]() mutable { (*answer)(std::move(made)); });
      },
      Lane::Priority::normal);
  if (!queued.ok()) host_.loop.post([answer, queued] { (*answer)(queued); });
}

std::string InProcessCarrier::files_identity(const ComponentSpec& spec) const {
  const std::string of_plugin = plugin_file_identity(spec, index_);
  if (of_plugin.empty()) return {};
  const Result<std::string> model = current_model(options_.state_dir, spec.name);
  const std::string of_model = !model.ok() ? model.status().to_string() : *model + " " + file_identity(*model);
  return of_plugin + of_model;
}

uint64_t InProcessCarrier::memory_estimate(const ComponentSpec& spec) const {
  const std::shared_ptr<const Manifest> manifest = known_manifest(spec, index_);
  if (!manifest) return 0;
  const Result<const TypeManifest*> type = choose_type(spec, *manifest);
  return type.ok() ? (*type)->memory_estimate_bytes : 0;
}

std::string InProcessCarrier::reason_to_close_first(const ComponentSpec& spec) const {
  const std::string folder = data_folder(options_.state_dir, spec.name);
  const std::shared_ptr<const Manifest> manifest = known_manifest(spec, index_);
  const bool owns = (manifest && manifest->needs.data) || holds_files(folder);
  return owns ? "it keeps data in " + folder : "";
}

Status InProcessCarrier::examine(const ComponentSpec& spec) {
  return dormouse::examine(spec, options_.state_dir, index_);
}

InProcessCarrier::Offline InProcessCarrier::run_offline(const ComponentSpec& spec, const std::string& method,
                                                        const Value& input, const CallOptions& call) {
  Result<Prepared> prepared =
      dormouse::prepare(spec, DM_OPEN_TRAIN, options_.state_dir, index_, copies_, model_copies_);
  if (!prepared.ok()) return {prepared.status(), nullptr};
  const MethodManifest* found = prepared->type->find_method(method);
  if (!found || !found->offline)
    return {Status(Error{.code = Code::not_found,
                         .message = "has no offline method '" + method + "'",
                         .object = component_object(spec.name)}),
            nullptr};
  const auto index = static_cast<uint32_t>(found - prepared->type->methods.data());
  const std::string data_dir = prepared->data_dir;
  if (Status made = make_data_folder(data_dir); !made.ok()) return {made, nullptr};

  LoadedPlugin plugin;
  plugin.name = spec.name;
  plugin.prepared = std::move(*prepared);
  plugin.policy.max_instances = 1;
  plugin.clock = &host_.clock;
  plugin.instances.assign(1, nullptr);
  Result<std::unique_ptr<Lane>> lane = Lane::create(plugin.name, {.threads_max = 1, .pending_max = 1});
  if (!lane.ok()) return {lane.status(), nullptr};
  plugin.lane = std::move(*lane);
  plugin.lane->set_hooks(lane_hooks(plugin));
  plugin.ledger = std::make_shared<Ledger>(plugin.name, ledger_services(host_, [](Task) {}));

  Result<Value> answer = Status(Code::internal, "did not run");
  plugin.lane->submit_control([&] {
    const OpenOptions options{
        .purpose = DM_OPEN_TRAIN, .deadline = Time::max(), .cancel = call.cancel, .data_dir = data_dir};
    const Status opened = open_on_lane(plugin, options);
    answer = opened.ok() ? run_on_lane(plugin, index, 0, input, call) : Result<Value>(opened);
  });
  plugin.lane->join();
  const std::vector<std::string> leftovers = plugin.ledger->settle();
  if (plugin.library && leftovers.empty()) (void)unmap_library(plugin);
  if (leftovers.empty()) return {std::move(answer), nullptr};
  return {std::move(answer), std::make_unique<InProcess>(std::move(plugin), host_)};
}

}  // namespace dormouse
