// One call on its way to a lane and back. Private to call*.cc and batch_queue.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "components/call.h"

namespace dormouse {

struct LoadedPlugin;

// Made on the caller's thread, moved to the lane, answered exactly once.
struct CallJob {
  Lease lease;
  Value in;
  CallOptions options;
  EventLoop& reply;
  UniqueFunction<void(CallResult)> done;
  Time submitted;

  // Lets the input and the lease go, then posts the answer. Any thread.
  void answer(Result<Value> value, Duration queued, Duration ran);
};

// Why a job is not worth starting any more; ok: it is. [lane]
Status given_up(const LoadedPlugin& plugin, const CallJob& job, Time now);

// One entry into a method, `self` being what its thread rule asks for. The input was checked before, the answer after.
Result<Value> enter(const LoadedPlugin& plugin, uint32_t method, void* self, const Value& in,
                    const CallOptions& options, ValueWriter& out);
// What a method left in its writer, checked against the manifest. Errors: broken_contract.
Result<Value> take_answer(const LoadedPlugin& plugin, uint32_t method, ValueWriter& out);
// What the thread rule of the method asks for: the component, or the instance of this slot. [lane, slot]
Result<void*> self_on_lane(LoadedPlugin& plugin, uint32_t method, unsigned slot, const CallOptions& options);
// "component 'x', method 'y'".
std::string where(const LoadedPlugin& plugin, uint32_t method);

// [lane, slot] Answers jobs of one method through dormouse.batch/1, each on its own terms.
void run_batch_on_lane(LoadedPlugin& plugin, uint32_t method, unsigned slot,
                       std::vector<std::unique_ptr<CallJob>> jobs);
// [lane, slot] Answers one.
void run_job_on_lane(LoadedPlugin& plugin, uint32_t method, unsigned slot, CallJob& job);

}  // namespace dormouse
