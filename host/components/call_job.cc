#include "components/call_job.h"

#include <cinttypes>
#include <cstdio>

#include "base/object_names.h"
#include "components/call_frame.h"
#include "components/loader.h"
#include "components/open_calls.h"
#include "components/overdue_calls.h"

namespace dormouse {
namespace {

// As clients see it in Dormouse-Request-Id.
std::string request_id_text(uint64_t id) {
  char text[17];
  std::snprintf(text, sizeof text, "%016" PRIx64, id);
  return text;
}

}  // namespace

// Host threads only, and the host is never unloaded, so a thread_local is safe here.
ValueWriter& thread_writer() {
  thread_local ValueWriter writer;
  return writer;
}

CallJob::CallJob(Lease lease, Value in, CallOptions options, EventLoop& reply, UniqueFunction<void(CallResult)> done,
                 Time submitted)
    : lease(std::move(lease)),
      in(std::move(in)),
      options(std::move(options)),
      reply(reply),
      done(std::move(done)),
      submitted(submitted) {
  this->options.stop = &stop_;
}

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
  if (options.is_cancelled()) become_overdue();  // between the last look and this
}

void CallJob::listen_to_cancel() {
  if (!options.cancel.listen(weak_from_this())) on_cancel();
}

void CallJob::on_cancel() {
  if (claim()) {
    leave_queue();
    return answer(Status(Code::cancelled, "given up before it started"), reply.now() - submitted, {});
  }
  become_overdue();
}

// Its method was told of a cancel: when it has not returned a grace later, it is named.
void CallJob::become_overdue() {
  if (phase_ != Phase::runs || !overdue_) return;
  overdue_->cancelled(this, began_, [this]() -> std::optional<OverdueCall> {
    Phase runs = Phase::runs;
    if (!phase_.compare_exchange_strong(runs, Phase::cancelled)) return std::nullopt;
    // answer() cannot get past the lock we are under, so the plugin is still there.
    return OverdueCall{plugin_->prepared.type->methods[method_].name, request_id_text(options.request_id), {}};
  });
}

// The lease, which comes after this, keeps queue and lane until here.
void CallJob::leave_queue() {
  if (queue) queue->withdraw(*this);
  if (lane) lane->withdraw(ticket, options.priority);
}

void CallJob::end_with(const Status& why) {
  if (claim()) {
    leave_queue();
    return answer(why, reply.now() - submitted, {});
  }
  end_reason_ = why;
  stop_.store(true, std::memory_order_release);
  become_overdue();
}

void CallJob::answer(Result<Value> value, Duration queued, Duration ran) {
  if (phase_.exchange(Phase::ended) == Phase::cancelled) overdue_->ended(this);
  const bool was_stopped = stop_.load(std::memory_order_acquire) && !options.cancel.cancelled();
  if (was_stopped && !value.ok() && value.status().code() == Code::cancelled) value = end_reason_;
  if (open) open->remove(*this);
  in = Value();
  lease.release();
  reply.post([done = std::move(done), result = CallResult{std::move(value), queued, ran}]() mutable {
    done(std::move(result));
  });
}

std::string where(const LoadedPlugin& plugin, uint32_t method) {
  return method_object(plugin.name, plugin.prepared.type->methods[method].name);
}

Status given_up(const LoadedPlugin& plugin, const CallJob& job, Time now) {
  if (job.options.is_cancelled()) return Status(Code::cancelled, "given up before it started");
  if (now >= job.options.deadline) return Status(Code::deadline_exceeded, "the deadline passed before it started");
  if (now - job.submitted > plugin.max_wait->load(std::memory_order_relaxed))
    return Error{.code = Code::queue_full,
                 .message = "waited too long for an instance",
                 .object = component_object(plugin.name),
                 .needed = "one within max_wait",
                 .remedy = "retry later, or raise max_instances or max_wait in dm.pool"};
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
    return Error{.code = Code::broken_contract,
                 .message = "its answer is not what its manifest promises: " + fits.to_string(),
                 .object = where(plugin, method),
                 .needed = promised.to_string(),
                 .found = to_debug_string(value->view())};
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

Result<Value> run_on_lane(LoadedPlugin& plugin, uint32_t method, unsigned slot, const Value& in,
                          const CallOptions& options) {
  const Result<void*> self = self_on_lane(plugin, method, slot, options);
  if (!self.ok()) return self.status();
  return enter(plugin, method, *self, in, options, thread_writer());
}

}  // namespace dormouse
