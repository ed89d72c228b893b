#include "pipeline/engine.h"

#include <algorithm>
#include <cassert>
#include <filesystem>
#include <mutex>

#include "base/file.h"
#include "pipeline/generation.h"
#include "pipeline/scheduler.h"

namespace dormouse {
namespace {

constexpr MetricInfo kReloads{"dormouse_script_reload_total", "Loads of the scripts by result: ok or refused."};
constexpr MetricInfo kGeneration{"dormouse_script_generation", "Number of the serving generation of scripts.",
                                 MetricType::gauge};
constexpr MetricInfo kInFlight{"dormouse_requests_in_flight", "Requests inside of their pipelines.", MetricType::gauge};

constexpr size_t kScriptBytesMax = size_t{1} << 20;
constexpr size_t kScriptFilesMax = 1000;

// A folder becomes its *.lua in order of name; everything else stands for itself.
std::vector<std::string> script_files(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(path, ignored)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> inside;
    for (std::filesystem::directory_iterator it(path, ignored), end; it != end && !ignored; it.increment(ignored))
      if (it->path().extension() == ".lua") inside.push_back(it->path().string());
    std::sort(inside.begin(), inside.end());
    files.insert(files.end(), inside.begin(), inside.end());
  }
  return files;
}

void read_scripts(const std::vector<std::string>& paths, ScriptKind kind, std::vector<ScriptFile>& into,
                  ScriptErrors& errors) {
  for (const std::string& path : script_files(paths)) {
    if (into.size() == kScriptFilesMax)
      return errors.add(SourceText(path, ""), 0, "more than " + std::to_string(kScriptFilesMax) + " script files");
    Result<std::string> text = read_file(path, kScriptBytesMax);
    if (text.ok())
      into.push_back({kind, std::make_shared<SourceText>(path, std::move(*text))});
    else
      errors.add(SourceText(path, ""), 0, text.status().to_string_within(path));
  }
}

}  // namespace

std::string_view to_string(Outcome outcome) {
  constexpr std::string_view kNames[kOutcomes] = {"ok", "skipped", "fallback", "error", "timeout", "cancelled"};
  return kNames[static_cast<size_t>(outcome)];
}

struct Engine::Impl {
  EngineOptions options;
  std::shared_ptr<Callees> callees;
  std::shared_ptr<Caches> caches;
  std::vector<std::shared_ptr<Scheduler>> schedulers;  // one per loop
  EventLog& events;
  Metrics& metrics;

  std::mutex load_mutex;  // held through a whole load: they go one at a time
  uint64_t next_number = 1;

  mutable std::mutex mutex;  // over what follows; never held while scripts run
  std::shared_ptr<Generation> serving;
  std::shared_ptr<Generation> previous;        // for rollback
  std::vector<std::weak_ptr<Generation>> all;  // that may still live, oldest first

  PipelineMetrics series;
  Metrics::Registration collector;

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

  // Room for one more: the serving one becomes the previous one, and the previous one goes unless requests hold it.
  Status room_for_one() {
    std::lock_guard lock(mutex);
    size_t staying = 0;
    std::string held;
    for (const std::shared_ptr<Generation>& generation : living()) {
      const bool goes = generation == previous && generation->in_flight() == 0;
      if (goes) continue;
      ++staying;
      if (generation != serving)
        held += (held.empty() ? "" : ", ") + std::to_string(generation->number) + " with " +
                std::to_string(generation->in_flight()) + " requests";
    }
    if (staying + 1 <= std::max(options.limits.generations_max, 2u)) return {};
    return Error{Code::failed_precondition,
                 "too many generations of scripts are alive",
                 "scripts",
                 "at most " + std::to_string(std::max(options.limits.generations_max, 2u)) + " with the new one",
                 std::to_string(staying) + " (older: " + held + ")",
                 "reload when their requests have ended"};
  }

  void serve(std::shared_ptr<Generation> generation) {
    generation->number = next_number++;
    series.forget_dead();
    for (auto& [name, pipeline] : generation->pipelines) {
      pipeline->details.generation = generation->number;
      pipeline->find_series(series);
    }
    for (const auto& scheduler : schedulers) {
      generation->loops.push_back(std::make_unique<Generation::PerLoop>());
      generation->loops.back()->scheduler = scheduler;
    }
    callees->set_pool_policies(generation->pools);
    caches->apply(generation->caches);
    generation->bind_caches(caches);
    const std::string name = "generation " + std::to_string(generation->number);
    const std::string pipelines = std::to_string(generation->pipelines.size());
    std::shared_ptr<Generation> released;  // its end is not under the lock
    {
      std::lock_guard lock(mutex);
      all.push_back(generation);
      released = std::exchange(previous, std::exchange(serving, std::move(generation)));
    }
    events.publish("scripts.reloaded", name, {{"pipelines", pipelines}});
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
                     .mutex = {},
                     .serving = {},
                     .previous = {},
                     .all = {},
                     .series = PipelineMetrics(loops.size()),
                     .collector = {}}) {
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
}

Caches& Engine::caches() {
  return *impl_->caches;
}

LoadReport Engine::load(bool dry_run) {
  std::lock_guard one_at_a_time(impl_->load_mutex);
  LoadReport report;
  ScriptErrors errors;
  std::vector<ScriptFile> files;
  read_scripts(impl_->options.pipelines, ScriptKind::pipelines, files, errors);
  read_scripts(impl_->options.policies, ScriptKind::policies, files, errors);
  std::shared_ptr<Generation> generation = compile(std::move(files), impl_->options.limits, *impl_->callees, errors);
  report.errors = errors.take_errors();
  report.warnings = errors.take_warnings();
  if (!report.errors.empty() || !generation) {
    if (!dry_run) impl_->metrics.counter(kReloads, {{"result", "refused"}}).add();
    if (!dry_run)
      impl_->events.publish("scripts.refused", "scripts", {{"errors", std::to_string(report.errors.size())}});
    return report;
  }
  report.status = impl_->room_for_one();
  if (dry_run) return report;
  impl_->metrics.counter(kReloads, {{"result", report.status.ok() ? "ok" : "refused"}}).add();
  if (!report.status.ok()) return report;
  impl_->serve(generation);
  report.generation = generation->number;
  return report;
}

Status Engine::rollback() {
  std::lock_guard one_at_a_time(impl_->load_mutex);
  std::shared_ptr<Generation> back, left;
  {
    std::lock_guard lock(impl_->mutex);
    if (!impl_->previous)
      return Error{Code::failed_precondition, "no generation before the serving one is kept", "scripts", {}, {},
                   "reload instead"};
    back = impl_->previous;
    left = std::exchange(impl_->serving, std::exchange(impl_->previous, nullptr));
  }
  impl_->callees->set_pool_policies(back->pools);
  impl_->caches->apply(back->caches);
  impl_->events.publish("scripts.rolled_back", "generation " + std::to_string(back->number),
                        {{"from", std::to_string(left->number)}});
  return {};
}

PipelinePtr Engine::find(const std::string& name) const {
  std::shared_ptr<Generation> generation;
  {
    std::lock_guard lock(impl_->mutex);
    generation = impl_->serving;
  }
  if (!generation) return nullptr;
  const auto found = generation->pipelines.find(name);
  if (found == generation->pipelines.end()) return nullptr;
  return PipelinePtr(std::move(generation), found->second.get());
}

std::vector<PipelineInfo> Engine::pipelines() const {
  std::shared_ptr<Generation> generation;
  {
    std::lock_guard lock(impl_->mutex);
    generation = impl_->serving;
  }
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
