#include "components/call.h"

#include "components/call_frame.h"
#include "components/component.h"
#include "components/loader.h"

namespace dormouse {
namespace {

std::string where(const LoadedPlugin& plugin, const MethodManifest& method) {
  return "component '" + plugin.name + "', method '" + method.name + "'";
}

Status missing_method(const LoadedPlugin& plugin, uint32_t method) {
  return Error{
      Code::not_found, "has no method number " + std::to_string(method), "component '" + plugin.name + "'", {}, {}, {}};
}

// One entry into the method, `self` being what its thread rule asks for. The answer was checked.
Result<Value> enter(const LoadedPlugin& plugin, uint32_t index, void* self, const Value& in, const CallOptions& options,
                    ValueWriter& out) {
  const MethodManifest& manifest = plugin.prepared.type->methods[index];
  if (Status fits = manifest.input.check(in.view()); !fits.ok()) return fits;
  CallFrame frame(options);
  out.reset();
  int32_t returned = DM_INTERNAL;
  try {
    returned = plugin.methods[index]->run(self, frame.abi(), in.view(), out.abi());
  } catch (...) {
    return guarded(where(plugin, manifest), []() -> Status { throw; });
  }
  if (returned != DM_OK) return frame.status(returned, where(plugin, manifest));
  Result<Value> value = out.finish();
  if (!value.ok()) {
    Error error = value.status().error();
    error.object = where(plugin, manifest);
    return error;
  }
  if (Status fits = manifest.output.check(value->view()); !fits.ok())
    return Error{Code::broken_contract,          "its answer is not what its manifest promises: " + fits.to_string(),
                 where(plugin, manifest),        manifest.output.to_string(),
                 to_debug_string(value->view()), {}};
  return value;
}

// One writer a thread, so that a call allocates its answer and nothing else. Host threads only, and the host is never
// unloaded, so a thread_local is safe here.
ValueWriter& thread_writer() {
  thread_local ValueWriter writer;
  return writer;
}

Status given_up(const CallOptions& options, Time now) {
  if (options.cancel.cancelled()) return {Code::cancelled, "given up before it started"};
  if (now >= options.deadline) return {Code::deadline_exceeded, "the deadline passed before it started"};
  return {};
}

Result<Value> run_on_lane(LoadedPlugin& plugin, uint32_t method, unsigned slot, const Value& in,
                          const CallOptions& options) {
  void* self = plugin.component;
  if (plugin.prepared.type->methods[method].thread == ThreadRule::instance) {
    CallFrame frame(options);
    Result<void*> instance = instance_on_lane(plugin, slot, frame.abi());
    if (!instance.ok()) return instance.status();
    self = *instance;
  }
  return enter(plugin, method, self, in, options, thread_writer());
}

}  // namespace

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
  const Prepared& prepared = lease.component().loaded().prepared;
  if (method >= prepared.type->methods.size() || prepared.safety.safety != SafetyClass::unmap) return false;
  const MethodManifest& manifest = prepared.type->methods[method];
  return manifest.fast && manifest.thread == ThreadRule::any;
}

Result<Value> call_inline(const Lease& lease, uint32_t method, const Value& in, const CallOptions& options) {
  const LoadedPlugin& plugin = lease.component().loaded();
  if (method >= plugin.methods.size()) return missing_method(plugin, method);
  if (!runs_inline(lease, method))
    return Error{Code::failed_precondition,
                 "does not run inline",
                 where(plugin, plugin.prepared.type->methods[method]),
                 "a fast method of thread rule any in a plugin of class unmap",
                 {},
                 "call it on its lane"};
  return enter(plugin, method, plugin.component, in, options, thread_writer());
}

void call_on_lane(Lease lease, uint32_t method, Value in, CallOptions options, EventLoop& reply,
                  UniqueFunction<void(CallResult)> done) {
  LoadedPlugin& plugin = lease.component().loaded();
  // The answer travels in one place, so that a refused submit can still use `done`.
  struct Job {
    Lease lease;
    Value in;
    CallOptions options;
    EventLoop& reply;
    UniqueFunction<void(CallResult)> done;
    Time submitted;

    void answer(Result<Value> value, Duration queued, Duration ran) {
      in = Value();
      lease.release();
      reply.post([done = std::move(done), result = CallResult{std::move(value), queued, ran}]() mutable {
        done(std::move(result));
      });
    }
  };
  auto job = std::make_shared<Job>(
      Job{std::move(lease), std::move(in), std::move(options), reply, std::move(done), plugin.clock->now()});
  if (method >= plugin.methods.size()) {
    job->answer(missing_method(plugin, method), {}, {});
    return;
  }
  const Lane::Priority priority = job->options.priority;
  const Status refused = plugin.lane->submit(
      [&plugin, method, job](unsigned slot) {
        const Time started = plugin.clock->now();
        const Duration queued = started - job->submitted;
        Status over = given_up(job->options, started);
        if (over.ok() && queued > plugin.policy.max_wait)
          over = Error{Code::queue_full,
                       "waited too long for an instance",
                       "component '" + plugin.name + "'",
                       "one within max_wait",
                       {},
                       "retry later, or raise max_instances or max_wait in dm.pool"};
        Result<Value> value =
            over.ok() ? run_on_lane(plugin, method, slot, job->in, job->options) : Result<Value>(over);
        const Duration ran = plugin.clock->now() - started;
        plugin.lane->returning(slot);
        job->answer(std::move(value), queued, ran);
      },
      priority);
  if (!refused.ok()) job->answer(refused, {}, {});
}

}  // namespace dormouse
