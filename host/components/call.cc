#include "components/call.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <thread>

#include "components/batch_queue.h"
#include "components/call_frame.h"
#include "components/call_job.h"
#include "components/component.h"
#include "components/loader.h"
#include "components/overdue_calls.h"

namespace dormouse {
namespace {

// As clients see it in Dormouse-Request-Id.
std::string request_id_text(uint64_t id) {
  char text[17];
  std::snprintf(text, sizeof text, "%016" PRIx64, id);
  return text;
}

Status missing_method(const LoadedPlugin& plugin, uint32_t method) {
  return Error{
      Code::not_found, "has no method number " + std::to_string(method), "component '" + plugin.name + "'", {}, {}, {}};
}

// One writer a thread, so that a call allocates its answer and nothing else. Host threads only, and the host is never
// unloaded, so a thread_local is safe here.
ValueWriter& thread_writer() {
  thread_local ValueWriter writer;
  return writer;
}

Result<Value> run_on_lane(LoadedPlugin& plugin, uint32_t method, unsigned slot, const Value& in,
                          const CallOptions& options) {
  const Result<void*> self = self_on_lane(plugin, method, slot, options);
  if (!self.ok()) return self.status();
  return enter(plugin, method, *self, in, options, thread_writer());
}

// What sending a turn needs. Owned, because the calls that a turn is sent for may all be withdrawn meanwhile, and then
// nothing keeps the plugin but the lane while it takes tasks.
struct Turns {
  std::shared_ptr<Lane> lane;
  std::shared_ptr<BatchQueue> queue;
  Lane::Priority priority;
};

// Sends a turn for the calls that wait in the queue. `plugin` is looked at on the lane alone, which is joined before
// the plugin goes.
void submit_turn(LoadedPlugin& plugin, const Turns& turns, uint32_t method) {
  const Status refused = turns.lane->submit(
      [&plugin, turns, method](unsigned slot) {
        BatchQueue& queue = *turns.queue;
        // At most half a millisecond, and holding nothing.
        if (const Duration wait = queue.worth_waiting(); wait > Duration{}) std::this_thread::sleep_for(wait);
        BatchQueue::Turn turn = queue.take();
        if (turn.again) submit_turn(plugin, turns, method);
        if (turn.jobs.empty()) return;
        if (turn.jobs.size() > 1) return run_batch_on_lane(plugin, method, slot, std::move(turn.jobs));
        queue.answered(1, {});
        run_job_on_lane(plugin, method, slot, *turn.jobs.front());
      },
      turns.priority);
  if (refused.ok()) return;
  for (const std::shared_ptr<CallJob>& job : turns.queue->take_all()) job->answer(refused, {}, {});
}

void gather(LoadedPlugin& plugin, uint32_t method, std::shared_ptr<CallJob> job) {
  const Turns turns{plugin.lane, plugin.batches[method], job->options.priority};
  EventLoop& loop = job->reply;
  job->batch = turns.queue.get();
  std::shared_ptr<CallJob> queued = job;  // taken by the queue
  const Result<BatchQueue::Next> next = turns.queue->push(queued);
  if (!next.ok()) {
    Error error = next.status().error();
    error.object = where(plugin, method);
    if (job->claim()) job->answer(std::move(error), {}, {});
    return;
  }
  if (*next == BatchQueue::Next::turn) submit_turn(plugin, turns, method);
  if (*next == BatchQueue::Next::timer)
    loop.post([&loop, &plugin, turns, method] {
      loop.at(loop.now() + turns.queue->limits().delay, [&plugin, turns, method] {
        if (turns.queue->due() == BatchQueue::Next::turn) submit_turn(plugin, turns, method);
      });
    });
  job->listen_to_cancel();
}

}  // namespace

// ---- CancelToken ----

void CancelToken::cancel() {
  std::vector<std::weak_ptr<CancelListener>> listeners;
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->cancelled.exchange(true, std::memory_order_relaxed)) return;
    listeners.swap(state_->listeners);
  }
  for (const auto& weak : listeners)
    if (const auto listener = weak.lock()) listener->on_cancel();
}

bool CancelToken::listen(std::weak_ptr<CancelListener> listener) const {
  const std::lock_guard lock(state_->mutex);
  if (state_->cancelled.load(std::memory_order_relaxed)) return false;
  // A token serves one request after the other; what earlier ones left is dropped here.
  std::erase_if(state_->listeners, [](const auto& weak) { return weak.expired(); });
  state_->listeners.push_back(std::move(listener));
  return true;
}

// ---- call_job.h ----

CallJob::CallJob(Lease lease, Value in, CallOptions options, EventLoop& reply, UniqueFunction<void(CallResult)> done,
                 Time submitted)
    : lease(std::move(lease)),
      in(std::move(in)),
      options(std::move(options)),
      reply(reply),
      done(std::move(done)),
      submitted(submitted) {}

bool CallJob::claim() {
  Phase waiting = Phase::waiting;
  return phase_.compare_exchange_strong(waiting, Phase::claimed);
}

void CallJob::begins(const LoadedPlugin& plugin, uint32_t method, Time now) {
  overdue_ = plugin.overdue;
  plugin_ = &plugin;
  method_ = method;
  began_ = now;
  phase_ = Phase::runs;
  if (options.cancel.cancelled()) on_cancel();  // between the last look and this
}

void CallJob::listen_to_cancel() {
  if (!options.cancel.listen(weak_from_this())) on_cancel();
}

void CallJob::on_cancel() {
  if (claim()) {
    // Its place first, and then the lease, which keeps queue and lane until here.
    if (batch) batch->withdraw(*this);
    if (lane) lane->withdraw(ticket, options.priority);
    return answer(Status(Code::cancelled, "given up before it started"), reply.now() - submitted, {});
  }
  if (phase_ != Phase::runs || !overdue_) return;
  overdue_->cancelled(this, began_, [this]() -> std::optional<OverdueCall> {
    Phase runs = Phase::runs;
    if (!phase_.compare_exchange_strong(runs, Phase::cancelled)) return std::nullopt;
    // answer() cannot get past the lock we are under, so the plugin is still there.
    return OverdueCall{plugin_->prepared.type->methods[method_].name, request_id_text(options.request_id), {}};
  });
}

void CallJob::answer(Result<Value> value, Duration queued, Duration ran) {
  if (phase_.exchange(Phase::ended) == Phase::cancelled) overdue_->ended(this);
  in = Value();
  lease.release();
  reply.post([done = std::move(done), result = CallResult{std::move(value), queued, ran}]() mutable {
    done(std::move(result));
  });
}

std::string where(const LoadedPlugin& plugin, uint32_t method) {
  return "component '" + plugin.name + "', method '" + plugin.prepared.type->methods[method].name + "'";
}

Status given_up(const LoadedPlugin& plugin, const CallJob& job, Time now) {
  if (job.options.cancel.cancelled()) return {Code::cancelled, "given up before it started"};
  if (now >= job.options.deadline) return {Code::deadline_exceeded, "the deadline passed before it started"};
  if (now - job.submitted > plugin.max_wait->load(std::memory_order_relaxed))
    return Error{Code::queue_full,
                 "waited too long for an instance",
                 "component '" + plugin.name + "'",
                 "one within max_wait",
                 {},
                 "retry later, or raise max_instances or max_wait in dm.pool"};
  return {};
}

Result<Value> enter(const LoadedPlugin& plugin, uint32_t method, void* self, const Value& in,
                    const CallOptions& options, ValueWriter& out) {
  if (Status fits = plugin.prepared.type->methods[method].input.check(in.view()); !fits.ok()) return fits;
  CallFrame frame(options);
  out.reset();
  const CurrentCall here(names_of(plugin), plugin.prepared.type->methods[method].name.c_str(), options.request_id);
  int32_t returned = DM_INTERNAL;
  try {
    returned = plugin.methods[method]->run(self, frame.abi(), in.view(), out.abi());
  } catch (...) {
    return guarded(where(plugin, method), []() -> Status { throw; });
  }
  if (returned != DM_OK) return frame.status(returned, where(plugin, method), &out);
  return take_answer(plugin, method, out);
}

Result<Value> take_answer(const LoadedPlugin& plugin, uint32_t method, ValueWriter& out) {
  Result<Value> value = out.finish();
  if (!value.ok()) {
    Error error = value.status().error();
    error.object = where(plugin, method);
    return error;
  }
  const Type& promised = plugin.prepared.type->methods[method].output;
  if (Status fits = promised.check(value->view()); !fits.ok())
    return Error{Code::broken_contract,          "its answer is not what its manifest promises: " + fits.to_string(),
                 where(plugin, method),          promised.to_string(),
                 to_debug_string(value->view()), {}};
  return value;
}

Result<void*> self_on_lane(LoadedPlugin& plugin, uint32_t method, unsigned slot, const CallOptions& options) {
  if (plugin.prepared.type->methods[method].thread == ThreadRule::any) return plugin.component;
  CallFrame frame(options);
  return instance_on_lane(plugin, slot, frame.abi());
}

void run_job_on_lane(LoadedPlugin& plugin, uint32_t method, unsigned slot, CallJob& job) {
  const Time started = plugin.clock->now();
  Status over = given_up(plugin, job, started);
  if (over.ok()) job.begins(plugin, method, started);
  Result<Value> value = over.ok() ? run_on_lane(plugin, method, slot, job.in, job.options) : Result<Value>(over);
  const Duration ran = plugin.clock->now() - started;
  plugin.lane->returning(slot);
  job.answer(std::move(value), started - job.submitted, ran);
}

// ---- call.h ----

Result<Value> call_offline(LoadedPlugin& plugin, uint32_t method, const Value& in, const CallOptions& options) {
  return run_on_lane(plugin, method, 0, in, options);
}

std::optional<uint32_t> resolve_method(const Lease& lease, const MethodRef& ref) {
  const Prepared& prepared = lease.component().loaded().prepared;
  if (prepared.manifest == ref.manifest) return ref.index;
  if (!ref.method) return std::nullopt;
  const MethodManifest* found = prepared.type->find_method(ref.method->name);
  if (!found || found->offline) return std::nullopt;
  return static_cast<uint32_t>(found - prepared.type->methods.data());
}

bool runs_inline(const Lease& lease, uint32_t method) {
  const LoadedPlugin& plugin = lease.component().loaded();
  const Prepared& prepared = plugin.prepared;
  if (method >= prepared.type->methods.size() || prepared.safety.safety != SafetyClass::unmap) return false;
  const MethodManifest& manifest = prepared.type->methods[method];
  if (!manifest.fast || manifest.thread != ThreadRule::any) return false;
  return !plugin.batches[method] || plugin.policy.max_batch.value_or(1) <= 1;
}

Result<Value> call_inline(const Lease& lease, uint32_t method, const Value& in, const CallOptions& options) {
  const LoadedPlugin& plugin = lease.component().loaded();
  if (method >= plugin.methods.size()) return missing_method(plugin, method);
  if (!runs_inline(lease, method))
    return Error{Code::failed_precondition,
                 "does not run inline",
                 where(plugin, method),
                 "a fast method of thread rule any in a plugin of class unmap",
                 {},
                 "call it on its lane"};
  return enter(plugin, method, plugin.component, in, options, thread_writer());
}

void call_on_lane(Lease lease, uint32_t method, Value in, CallOptions options, EventLoop& reply,
                  UniqueFunction<void(CallResult)> done) {
  LoadedPlugin& plugin = lease.component().loaded();
  auto job = std::make_shared<CallJob>(std::move(lease), std::move(in), std::move(options), reply, std::move(done),
                                       plugin.clock->now());
  if (method >= plugin.methods.size()) return job->answer(missing_method(plugin, method), {}, {});
  if (plugin.batches[method]) return gather(plugin, method, std::move(job));
  job->lane = plugin.lane.get();
  const Status refused = plugin.lane->submit(
      [&plugin, method, job](unsigned slot) {
        if (job->claim()) run_job_on_lane(plugin, method, slot, *job);
      },
      job->options.priority, &job->ticket);
  if (!refused.ok()) return job->answer(refused, {}, {});
  job->listen_to_cancel();
}

}  // namespace dormouse
