// How calls get into a component of this process: at once on the calling thread, or over its lane, alone or gathered.
#include <thread>

#include "base/object_names.h"
#include "components/batch_queue.h"
#include "components/call_batch.h"
#include "components/call_job.h"
#include "components/expose.h"
#include "components/in_process.h"
#include "components/open_calls.h"

namespace dormouse {
namespace {

Status missing_method(const LoadedPlugin& plugin, uint32_t method) {
  return Error{.code = Code::not_found,
               .message = "has no method number " + std::to_string(method),
               .object = component_object(plugin.name)};
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
  job->queue = turns.queue.get();
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

bool InProcess::runs_inline(uint32_t method) const {
  const Prepared& prepared = plugin_.prepared;
  if (method >= prepared.type->methods.size() || prepared.safety.safety != SafetyClass::unmap) return false;
  const MethodManifest& manifest = prepared.type->methods[method];
  if (!manifest.fast || manifest.thread != ThreadRule::any) return false;
  return !plugin_.batches[method] || plugin_.policy.max_batch.value_or(1) <= 1;
}

Result<Value> InProcess::call_inline(uint32_t method, const Value& in, const CallOptions& options) {
  if (method >= plugin_.methods.size()) return missing_method(plugin_, method);
  if (!InProcess::runs_inline(method))
    return Error{.code = Code::failed_precondition,
                 .message = "does not run inline",
                 .object = where(plugin_, method),
                 .needed = "a fast method of thread rule any in a plugin of class unmap",
                 .remedy = "call it on its lane"};
  return enter(plugin_, method, plugin_.component, in, options, thread_writer());
}

void InProcess::call(Lease lease, uint32_t method, Value in, CallOptions options, EventLoop& reply,
                     UniqueFunction<void(CallResult)> done) {
  LoadedPlugin& plugin = plugin_;
  auto job = std::make_shared<CallJob>(std::move(lease), std::move(in), std::move(options), reply, std::move(done),
                                       plugin.clock->now());
  if (method >= plugin.methods.size()) return job->answer(missing_method(plugin, method), {}, {});
  if (const Status open = plugin.calls->add(job); !open.ok()) return job->answer(open, {}, {});
  job->open = plugin.calls;
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

void InProcess::expose(Lease lease, const Metrics& metrics, std::string accept, CallOptions options, EventLoop& reply,
                       UniqueFunction<void(Result<Exposition>)> done) {
  expose_on_lane(plugin_, std::move(lease), metrics, std::move(accept), std::move(options), reply, std::move(done));
}

}  // namespace dormouse
