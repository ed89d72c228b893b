#include "pipeline/engine.h"

#include <algorithm>
#include <cassert>
#include <mutex>

#include "pipeline/generation.h"
#include "pipeline/generation_closer.h"
#include "pipeline/scheduler.h"

namespace dormouse {
namespace {

constexpr MetricInfo kReloads{"dormouse_script_reloads_total", "Loads of the scripts by result: ok or refused."};
constexpr MetricInfo kGeneration{"dormouse_script_generation", "Number of the serving generation of scripts.",
                                 MetricType::gauge};
constexpr MetricInfo kInFlight{"dormouse_requests_in_flight", "Requests inside of their pipelines.", MetricType::gauge};

std::string counted(size_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace

struct Engine::Impl {
  EngineOptions options;
  std::shared_ptr<Callees> callees;
  std::shared_ptr<Caches> caches;
  std::vector<std::shared_ptr<Scheduler>> schedulers;  // one per loop
  EventLog& events;
  Metrics& metrics;

  std::mutex load_mutex;  // held through a whole load: they go one at a time; over what follows
  uint64_t next_number = 1;
  struct Texts {
    uint64_t generation = 0;  // that served them last; 0: none did
    std::vector<ScriptFile> files;
  };
  Texts before;              // the last ones that differ from what serves: where a rollback leads
  std::string last_refusal;  // why what is on disk does not serve, if that is known
  struct Look {              // the last one at the files on disk
    uint64_t generation = 0;
    uint64_t stamp = 0;
    std::string found;
  } look;

  mutable std::mutex mutex;  // over what follows; never held while scripts run
  std::shared_ptr<Generation> serving;
  std::vector<std::weak_ptr<Generation>> all;  // that may still live, oldest first

  PipelineMetrics series;
  std::shared_ptr<GenerationCloser> closer;
  Metrics::Registration collector;

  std::shared_ptr<Generation> now_serving() const {
    std::lock_guard lock(mutex);
    return serving;
  }

  // The oldest ones first. Those without owners are forgotten.
  std::vector<std::shared_ptr<Generation>> living() {
    std::vector<std::shared_ptr<Generation>> found;
    std::erase_if(all, [&](const std::weak_ptr<Generation>& weak) {
      std::shared_ptr<Generation> generation = weak.lock();
      if (generation) found.push_back(std::move(generation));
      return weak.expired();
    });
    return found;
  }

  // Room for one more: the serving one goes when it is replaced, unless requests hold it.
  Status room_for_one() {
    std::lock_guard lock(mutex);
    size_t staying = 0;
    std::string held;
    for (const std::shared_ptr<Generation>& generation : living()) {
      if (generation == serving && generation->in_flight() == 0) continue;
      ++staying;
      held += (held.empty() ? "" : ", ") + std::to_string(generation->number) + " with " +
              counted(generation->in_flight(), "request");
    }
    const unsigned most = std::max(options.limits.generations_max, 2u);
    if (staying + 1 <= most) return {};
    return Error{.code = Code::failed_precondition,
                 .message = "too many generations of scripts are alive",
                 .object = "scripts",
                 .needed = "at most " + std::to_string(most) + " with the new one",
                 .found = std::to_string(staying) + " (" + held + ")",
                 .remedy = "reload when their requests have ended"};
  }

  // What a load and a rollback share: from files to a generation that serves, or would. Null when it was refused.
  std::shared_ptr<Generation> load(std::vector<ScriptFile> files, bool dry_run, ScriptErrors& errors,
                                   LoadReport& report) {
    std::unique_ptr<Generation> made = compile(std::move(files), options.limits, *callees, errors);
    // One state is enough to see that the scripts describe the same each time they run.
    if (made) open_loops(*made, dry_run ? 1 : schedulers.size(), options.limits, errors);
    report.errors = errors.take_errors();
    report.warnings = errors.take_warnings();
    if (!report.errors.empty()) return nullptr;
    report.status = room_for_one();
    if (!report.status.ok()) return nullptr;
    report.generation = next_number;
    if (const std::shared_ptr<Generation> now = now_serving())
      for (const FileChange& change : changes(now->files, made->files)) report.changes.push_back(to_string({change}));
    if (dry_run) {
      report.pool_changes = callees->set_pool_policies(made->pools, /*dry_run=*/true);
      return nullptr;
    }
    return shared(std::move(made));
  }

  // The last holder, on whatever thread, hands it to the closer.
  std::shared_ptr<Generation> shared(std::unique_ptr<Generation> generation) {
    closer->start();
    return {generation.release(), [weak = std::weak_ptr(closer)](Generation* last) {
              std::unique_ptr<Generation> closing(last);
              if (const auto closer = weak.lock()) closer->close(std::move(closing));
            }};
  }

  std::vector<PoolChange> serve(std::shared_ptr<Generation> generation) {
    generation->number = next_number++;
    series.forget_dead();
    for (auto& [name, pipeline] : generation->pipelines) {
      pipeline->details.generation = generation->number;
      pipeline->find_series(series);
    }
    std::vector<PoolChange> pool_changes = callees->set_pool_policies(generation->pools, /*dry_run=*/false);
    caches->apply(generation->caches);
    callees->give_heap_back_soon();  // of caches that are smaller now or gone, and of what the load itself took
    generation->bind_caches(caches);
    std::shared_ptr<Generation> replaced;  // its end is not under the lock
    {
      std::lock_guard lock(mutex);
      all.push_back(generation);
      replaced = std::exchange(serving, generation);
    }
    if (replaced && !changes(replaced->files, generation->files).empty()) before = {replaced->number, replaced->files};
    return pool_changes;
  }
};

Engine::Engine(EngineOptions options, std::shared_ptr<Callees> callees, std::vector<EventLoop*> loops,
               const Clock& clock, EventLog& events, Metrics& metrics)
    : impl_(new Impl{.options = std::move(options),
                     .callees = callees,
                     .caches = std::make_shared<Caches>(
                         [callees](const std::string& store, const std::string& space) -> std::unique_ptr<CacheSpace> {
                           Callee* callee = callees->find(store);
                           return callee ? callee->cache_space(space) : nullptr;
                         },
                         static_cast<uint64_t>(clock.now().time_since_epoch().count()), metrics),
                     .schedulers = {},
                     .events = events,
                     .metrics = metrics,
                     .load_mutex = {},
                     .before = {},
                     .last_refusal = {},
                     .look = {},
                     .mutex = {},
                     .serving = {},
                     .all = {},
                     .series = PipelineMetrics(loops.size()),
                     .closer = {},
                     .collector = {}}) {
  impl_->closer = std::make_shared<GenerationCloser>([callees] { callees->give_heap_back_soon(); });
  for (size_t i = 0; i < loops.size(); ++i)
    impl_->schedulers.push_back(
        std::make_shared<Scheduler>(*loops[i], i, impl_->callees, clock, impl_->options.limits, metrics));
  for (const char* result : {"ok", "refused"}) metrics.counter(kReloads, {{"result", result}});
  impl_->collector = metrics.collect([this](MetricSink& sink) { collect_metrics(sink); });
}

void Engine::collect_metrics(MetricSink& sink) const {
  impl_->series.collect(sink);
  uint64_t in_flight = 0, serving = 0;
  for (const GenerationInfo& generation : generations()) {
    in_flight += generation.in_flight;
    if (generation.serving) serving = generation.number;
  }
  sink.value(kInFlight, {}, static_cast<double>(in_flight));
  sink.value(kGeneration, {}, static_cast<double>(serving));
}

Engine::~Engine() {
  impl_->collector = {};  // first: waits for a snapshot that looks at the rest
  impl_->serving.reset();
  impl_->closer.reset();  // joins; what is still held closes where it is let go
}

void Engine::wait_for_closing() {
  impl_->closer->wait();
}

Caches& Engine::caches() {
  return *impl_->caches;
}

LoadReport Engine::load(bool dry_run, Actor actor) {
  std::lock_guard one_at_a_time(impl_->load_mutex);
  LoadReport report;
  ScriptErrors errors;
  std::vector<ScriptFile> files = read_scripts(impl_->options, errors);
  const std::shared_ptr<Generation> made = impl_->load(std::move(files), dry_run, errors, report);
  if (dry_run) return report;
  impl_->metrics.counter(kReloads, {{"result", made ? "ok" : "refused"}}).add();
  impl_->look = {};
  if (!made) {
    impl_->last_refusal = report.errors.empty()
                              ? "the last reload was refused: " + report.status.error().message
                              : "the last reload was refused with " + counted(report.errors.size(), "error");
    if (!report.errors.empty())
      impl_->events.publish("scripts.refused", "scripts", {{"errors", report.errors.size()}}, {}, std::move(actor));
    return report;
  }
  report.pool_changes = impl_->serve(made);
  impl_->last_refusal.clear();
  impl_->events.publish("scripts.reloaded", "generation " + std::to_string(made->number),
                        {{"pipelines", made->pipelines.size()}}, {}, std::move(actor));
  return report;
}

LoadReport Engine::rollback(bool dry_run, Actor actor) {
  std::lock_guard one_at_a_time(impl_->load_mutex);
  LoadReport report;
  const Impl::Texts to = impl_->before;
  if (to.generation == 0) {
    report.status = Error{.code = Code::failed_precondition,
                          .message = "no scripts with another text have served before",
                          .object = "scripts",
                          .remedy = "put the older files back and reload"};
    return report;
  }
  ScriptErrors errors;
  const std::shared_ptr<Generation> made = impl_->load(to.files, dry_run, errors, report);
  if (report.generation == 0) return report;
  report.text_of = to.generation;
  ScriptErrors unread;
  report.unlike_disk = to_string(changes(to.files, read_scripts(impl_->options, unread)));
  if (!made) return report;
  const uint64_t from = impl_->now_serving()->number;
  report.pool_changes = impl_->serve(made);
  impl_->look = {};
  impl_->last_refusal = "rolled back from generation " + std::to_string(from);
  impl_->events.publish("scripts.rolled_back", "generation " + std::to_string(made->number),
                        {{"from", from}, {"text_of", to.generation}}, {}, std::move(actor));
  return report;
}

std::optional<std::string> Engine::unlike_disk() {
  const std::unique_lock no_load(impl_->load_mutex, std::try_to_lock);
  if (!no_load.owns_lock()) return std::nullopt;
  const std::shared_ptr<Generation> serving = impl_->now_serving();
  if (!serving) return std::string();
  const uint64_t stamp = stamp_of_files(impl_->options);
  Impl::Look& look = impl_->look;
  if (look.generation == serving->number && look.stamp == stamp) return look.found;
  ScriptErrors unread;
  const std::vector<ScriptFile> files = read_scripts(impl_->options, unread);
  look = {serving->number, stamp, to_string(changes(serving->files, files))};
  if (!unread.empty()) look.found = unread.take_errors().front().to_string();
  if (!look.found.empty() && !impl_->last_refusal.empty()) look.found += " (" + impl_->last_refusal + ")";
  return look.found;
}

PipelinePtr Engine::find(const std::string& name) const {
  std::shared_ptr<Generation> generation = impl_->now_serving();
  if (!generation) return nullptr;
  const auto found = generation->pipelines.find(name);
  if (found == generation->pipelines.end()) return nullptr;
  return PipelinePtr(std::move(generation), found->second.get());
}

std::vector<PipelineInfo> Engine::pipelines() const {
  const std::shared_ptr<Generation> generation = impl_->now_serving();
  std::vector<PipelineInfo> infos;
  if (!generation) return infos;
  for (const auto& [name, pipeline] : generation->pipelines) infos.push_back(pipeline->info());
  std::sort(infos.begin(), infos.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return infos;
}

std::vector<GenerationInfo> Engine::generations() const {
  std::vector<std::shared_ptr<Generation>> living;
  std::shared_ptr<Generation> serving;
  {
    std::lock_guard lock(impl_->mutex);
    living = impl_->living();
    serving = impl_->serving;
  }
  std::vector<GenerationInfo> infos;
  for (const auto& generation : living) {
    GenerationInfo info{generation->number, generation == serving, generation->in_flight(), {}};
    for (const ScriptFile& file : generation->files) info.files.push_back(file.source->name());
    infos.push_back(std::move(info));
  }
  return infos;
}

uint64_t Engine::run(const PipelinePtr& pipeline, PipelineRequest request, EventLoop& loop,
                     UniqueFunction<void(PipelineResponse)> done) {
  for (const auto& scheduler : impl_->schedulers)
    if (&scheduler->loop() == &loop)
      return scheduler->start(pipeline, static_cast<const CompiledPipeline&>(*pipeline), std::move(request),
                              std::move(done));
  assert(!"a loop that is not the engine's");
  return 0;
}

void Engine::cancel(uint64_t request, EventLoop& loop) {
  for (const auto& scheduler : impl_->schedulers)
    if (&scheduler->loop() == &loop) scheduler->cancel(request);
}

uint64_t Engine::in_flight() const {
  uint64_t sum = 0;
  for (const GenerationInfo& info : generations()) sum += info.in_flight;
  return sum;
}

}  // namespace dormouse
