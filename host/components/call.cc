#include "components/call.h"

#include <thread>

#include "components/batch_queue.h"
#include "components/call_frame.h"
#include "components/call_job.h"
#include "components/component.h"
#include "components/loader.h"

namespace dormouse {
namespace {

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

// Sends a turn for the calls that wait in `queue`. They hold leases and only this turn takes them, so the plugin is
// there until it has come.
void submit_turn(LoadedPlugin& plugin, uint32_t method, Lane::Priority priority) {
  BatchQueue& queue = *plugin.batches[method];
  const Status refused = plugin.lane->submit(
      [&plugin, &queue, method, priority](unsigned slot) {
        // At most half a millisecond, and holding nothing.
        if (const Duration wait = queue.worth_waiting(); wait > Duration{}) std::this_thread::sleep_for(wait);
        BatchQueue::Turn turn = queue.take();
        if (turn.again) submit_turn(plugin, method, priority);
        if (turn.jobs.empty()) return;
        if (turn.jobs.size() > 1) return run_batch_on_lane(plugin, method, slot, std::move(turn.jobs));
        queue.answered(1, {});
        run_job_on_lane(plugin, method, slot, *turn.jobs.front());
      },
      priority);
  if (refused.ok()) return;
  for (const std::unique_ptr<CallJob>& job : queue.take_all()) job->answer(refused, {}, {});
}

void gather(LoadedPlugin& plugin, uint32_t method, std::unique_ptr<CallJob> job) {
  const std::shared_ptr<BatchQueue> queue = plugin.batches[method];
  const Lane::Priority priority = job->options.priority;
  EventLoop& loop = job->reply;
  const Result<BatchQueue::Next> next = queue->push(job);
  if (!next.ok()) {
    Error error = next.status().error();
    error.object = where(plugin, method);
    return job->answer(std::move(error), {}, {});
  }
  if (*next == BatchQueue::Next::turn) return submit_turn(plugin, method, priority);
  if (*next == BatchQueue::Next::nothing) return;
  // Whether the plugin is still there when the timer fires, the queue knows: a turn is due only while calls wait.
  loop.post([&loop, &plugin, queue, method, priority] {
    loop.at(loop.now() + queue->limits().delay, [&plugin, queue, method, priority] {
      if (queue->due() == BatchQueue::Next::turn) submit_turn(plugin, method, priority);
    });
  });
}

}  // namespace

// ---- call_job.h ----

void CallJob::answer(Result<Value> value, Duration queued, Duration ran) {
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
  if (now - job.submitted > plugin.policy.max_wait)
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
  if (returned != DM_OK) return frame.status(returned, where(plugin, method));
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
  auto job = std::make_unique<CallJob>(
      CallJob{std::move(lease), std::move(in), std::move(options), reply, std::move(done), plugin.clock->now()});
  if (method >= plugin.methods.size()) return job->answer(missing_method(plugin, method), {}, {});
  if (plugin.batches[method]) return gather(plugin, method, std::move(job));
  // Shared, so that a refused submit can still answer it.
  const std::shared_ptr<CallJob> shared(std::move(job));
  const Status refused =
      plugin.lane->submit([&plugin, method, shared](unsigned slot) { run_job_on_lane(plugin, method, slot, *shared); },
                          shared->options.priority);
  if (!refused.ok()) shared->answer(refused, {}, {});
}

}  // namespace dormouse
