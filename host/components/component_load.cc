// A component's way up: queue, prepare, open; or undo everything, remember the failure and its back-off.
#include <algorithm>
#include <cassert>

#include "artifacts/model_files.h"
#include "base/file.h"
#include "base/units.h"
#include "components/component_metrics.h"
#include "components/component_state.h"
#include "components/overdue_calls.h"

namespace dormouse {
namespace {

constexpr Duration kBackoffFirst = std::chrono::seconds(1);
constexpr Duration kBackoffMax = std::chrono::seconds(60);
constexpr Duration kFileLookEvery = std::chrono::milliseconds(100);

Duration backoff_after(unsigned failures) {
  Duration wait = kBackoffFirst;
  for (unsigned i = 1; i < failures && wait < kBackoffMax; ++i) wait *= 2;
  return std::min(wait, kBackoffMax);
}

}  // namespace

// Whether the plugin file or the model behind a failed load was replaced, asked of the disk at most every
// kFileLookEvery.
bool Component::file_changed() {
  Owned& o = *owned_;
  const Time now = context_.loop.now();
  if (now < o.file_looked_at + kFileLookEvery) return false;
  o.file_looked_at = now;
  return o.failed_identity != files_identity();
}

// What the next load would read: the plugin files and the model, by their identity on disk.
std::string Component::files_identity() const {
  const Result<std::string> model = current_model(context_.options.state_dir, spec_.name);
  const std::string of_model = !model.ok() ? model.status().to_string() : *model + " " + file_identity(*model);
  return plugin_file_identity(spec_, context_.index) + of_model;
}

void Component::queue_load(const std::string& cause) {
  Owned& o = *owned_;
  if (o.idle_timer) context_.loop.cancel(std::exchange(o.idle_timer, 0));
  if (o.retry_timer) context_.loop.cancel(std::exchange(o.retry_timer, 0));
  ++o.generation;
  o.load_cause = cause;
  o.policy = context_.policy_of(spec_.name);
  o.load_queued_at = context_.loop.now();
  o.load = std::make_shared<LoadJob>();
  change(State::loading, cause);
  if (context_.active_loads < context_.options.parallel_loads) {
    begin_load();
  } else {
    context_.load_queue.push_back(this);
  }
}

void Component::begin_load() {
  Owned& o = *owned_;
  const std::shared_ptr<LoadJob> job = o.load;
  job->began = context_.loop.now();
  job->holds_slot = true;
  ++context_.active_loads;
  o.load_timer = context_.loop.at(job->began + o.policy.load_timeout, [this] {
    owned_->load_timer = 0;
    give_up_load(Error{Code::deadline_exceeded,
                       "its load took longer than load_timeout",
                       "component '" + spec_.name + "'",
                       "a load within " + format_duration(owned_->policy.load_timeout),
                       {},
                       "raise load_timeout in dm.pool, or make its open faster"},
                 /*by_operator=*/false);
  });
  const Status queued = context_.loaders->submit(
      [this, job](unsigned slot) {
        Result<Prepared> prepared = prepare(spec_, DM_OPEN_SERVE, context_.options.state_dir, context_.index,
                                            context_.copies, context_.model_copies);
        // A parked library of another content makes room first; its destructors belong on this thread.
        if (loaded_ && loaded_->library && (!prepared.ok() || prepared->sha256 != loaded_->prepared.sha256))
          (void)unmap_library(*loaded_), loaded_->library.reset();
        context_.loaders->returning(slot);
        context_.loop.post(
            [this, job, prepared = std::move(prepared)]() mutable { on_prepared(job, std::move(prepared)); });
      },
      Lane::Priority::normal);
  if (!queued.ok()) on_prepared(job, queued);
}

void Component::end_load_slot(LoadJob& job) {
  if (!std::exchange(job.holds_slot, false)) return;
  --context_.active_loads;
  context_.load_slot_freed();
}

void Component::on_prepared(std::shared_ptr<LoadJob> job, Result<Prepared> prepared) {
  if (!job->given_up.ok()) return undo_load(job, job->given_up);
  if (!prepared.ok()) return undo_load(job, prepared.status());
  open_plugin(std::move(job), std::move(*prepared));
}

void Component::open_plugin(std::shared_ptr<LoadJob> job, Prepared prepared) {
  Owned& o = *owned_;
  if (!loaded_) loaded_ = std::make_unique<LoadedPlugin>();
  LoadedPlugin& p = *loaded_;
  p.name = spec_.name;
  p.number = o.generation;
  p.prepared = std::move(prepared);
  p.policy = o.policy;
  p.max_wait->store(o.policy.max_wait);
  p.clock = &context_.clock;
  p.overdue = std::make_shared<OverdueCalls>(spec_.name, context_.loop, context_.events);
  p.instances.assign(o.policy.max_instances, nullptr);
  p.times = {};
  p.times.queued = job->began - o.load_queued_at;
  p.times.prepare = context_.loop.now() - job->began;
  std::string data_dir = context_.options.state_dir + "/data/" + spec_.name;
  Result<std::unique_ptr<Lane>> lane =
      Lane::create(spec_.name, {.threads_max = o.policy.max_instances, .pending_max = o.policy.max_pending});
  if (!lane.ok()) return undo_load(job, lane.status());
  p.lane = std::move(*lane);
  p.lane->set_hooks(lane_hooks(p));
  o.lane_open = true;
  p.ledger = std::make_shared<Ledger>(spec_.name, context_.ledger_services([this](Task task) {
    if (owned_->lane_open) loaded_->lane->submit_control(std::move(task));
  }));
  job->window = context_.windows.open();
  job->has_window = true;
  const OpenOptions options{.purpose = DM_OPEN_SERVE,
                            .deadline = job->began + o.policy.load_timeout,
                            .cancel = job->cancel,
                            .data_dir = std::move(data_dir)};
  p.lane->submit_control([this, job, &p, options] {
    p.memory_before = read_memory();
    // Both: somebody may have cleared the state folder of a running host.
    Status opened = ensure_private_folder(options.data_dir.substr(0, options.data_dir.rfind('/')));
    if (opened.ok()) opened = ensure_private_folder(options.data_dir);
    if (opened.ok()) opened = open_on_lane(p, options);
    p.memory_added = read_memory() - p.memory_before;
    context_.loop.post([this, job, opened] { on_opened(job, opened); });
  });
}

void Component::on_opened(std::shared_ptr<LoadJob> job, Status status) {
  Owned& o = *owned_;
  if (!job->given_up.ok()) return undo_load(job, job->given_up);
  if (!status.ok()) return undo_load(job, status);
  if (o.load_timer) context_.loop.cancel(std::exchange(o.load_timer, 0));
  loaded_->memory_added.estimate = context_.windows.close(job->window);
  o.load.reset();
  o.failures = 0;
  o.was_ready = true;
  o.last_error = {};
  o.proven = false;
  o.pinned_dependencies.clear();
  o.served_identity = plugin_file_identity(spec_, context_.index) + loaded_->prepared.model_path;
  stamp_.store(stamp_of(loaded_->prepared), std::memory_order_release);
  o.ready_at = context_.loop.now();
  last_used_ns_.store(o.ready_at.time_since_epoch().count(), std::memory_order_relaxed);
  count_load();
  follow_policy();  // it may have changed while this load ran
  change(State::ready, o.load_cause);
  serve_waiters();
  answer_verbs({}, "loaded");
  arm_idle_timer();
  end_load_slot(*job);
}

void Component::count_load() {
  const LoadTimes& times = loaded_->times;
  context_.metrics.histogram(kComponentLoadSeconds, {{"component", spec_.name}})
      .observe(owned_->ready_at - owned_->load_queued_at);
  const auto spent = [&](const char* phase, Duration time) {
    context_.metrics.counter(kComponentLoadPhase, {{"component", spec_.name}, {"phase", phase}})
        .add(static_cast<uint64_t>(std::max<int64_t>(time.count(), 0)));
  };
  spent("queue", times.queued);
  spent("prepare", times.prepare);
  spent("map", times.map);
  spent("open", times.open);
}

void Component::undo_load(std::shared_ptr<LoadJob> job, Status why) {
  Owned& o = *owned_;
  if (o.load_timer) context_.loop.cancel(std::exchange(o.load_timer, 0));
  o.lane_open = false;
  publish();
  const Status queued = context_.loaders->submit(
      [this, job, why](unsigned slot) {
        UnmapReport report;
        std::vector<std::string> leftovers;
        if (loaded_) {
          LoadedPlugin& p = *loaded_;
          if (p.ledger) p.ledger->stop_timers();
          if (p.lane) p.lane->join();
          if (p.ledger) leftovers = p.ledger->settle();
          if (leftovers.empty() && p.library && context_.options.unmap) report = unmap_library(p);
          trim_heap();
        }
        context_.loaders->returning(slot);
        context_.loop.post([this, job, why, report, leftovers] { on_undone(job, why, report, leftovers); });
      },
      Lane::Priority::high);
  assert(queued.ok());
  (void)queued;
}

void Component::on_undone(std::shared_ptr<LoadJob> job, Status why, UnmapReport report,
                          std::vector<std::string> leftovers) {
  Owned& o = *owned_;
  if (job->has_window) (void)context_.windows.close(job->window);
  o.load.reset();
  o.proven = report.unmapped;
  const bool was_mapped = loaded_ && loaded_->library;
  if (loaded_ && !leftovers.empty()) {
    report.cause = "the component left behind: " + leftovers.front();
    context_.kept.push_back(std::move(loaded_));
  }
  loaded_.reset();
  end_load_slot(*job);
  if (job->by_operator && (!was_mapped || report.unmapped)) {
    change(State::unloaded, "given up: " + why.to_string());
    count_unload();
    answer_verbs({}, "its load was given up and undone");
  } else if (job->by_operator) {
    change(State::resident, report.cause);
    answer_verbs({}, "its load was given up; its code stays mapped: " + report.cause);
  } else {
    fail(std::move(why));
  }
  move_on();
}

void Component::fail(Status why) {
  Owned& o = *owned_;
  ++o.failures;
  const Duration wait = backoff_after(o.failures);
  o.retry_at = context_.loop.now() + wait;
  o.failed_identity = files_identity();
  o.last_error = Status(as_load_failure(spec_.name, why.error()));
  context_.metrics.counter(kComponentLoadFailures, {{"component", spec_.name}}).add();
  change(State::failed, o.last_error.to_string_within("component '" + spec_.name + "'"));
  refuse_waiters(o.last_error);
  answer_verbs(o.last_error, "");
  if (spec_.preload && !o.stopping)
    o.retry_timer = context_.loop.at(o.retry_at, [this] {
      owned_->retry_timer = 0;
      if (owned_->state == State::failed && !owned_->stopping) queue_load("preload");
    });
}

// The waiters are told at once; the plugin's own open is asked to stop and its result is undone whenever it returns.
void Component::give_up_load(Status why, bool by_operator) {
  Owned& o = *owned_;
  LoadJob& job = *o.load;
  if (!job.given_up.ok()) return;
  job.given_up = why;
  job.by_operator = by_operator;
  job.cancel.cancel();
  Error error = why.error();
  if (!by_operator) error.code = Code::load_failed;
  refuse_waiters(Status(error));
  publish();
  const auto queued = std::find(context_.load_queue.begin(), context_.load_queue.end(), this);
  if (queued != context_.load_queue.end()) {
    context_.load_queue.erase(queued);
    undo_load(o.load, why);
  } else {
    end_load_slot(job);  // a plugin that does not listen must not keep others from loading
  }
}

}  // namespace dormouse
