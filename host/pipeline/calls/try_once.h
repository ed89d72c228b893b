// The innermost call: with a lease, finds the method in the loaded component, and calls it once, inline or on the lane.
// No cache, no second attempt, no fallback; those are wrappers.
// Owner: the run of a stage or of a function. Thread: the loop's.
#pragma once

#include <optional>
#include <string>

#include "graph/callee.h"
#include "pipeline/arrivals.h"
#include "pipeline/calls/call.h"

namespace dormouse {

class TryOnce : public Call {
 public:
  // Before all else: finds the method and fits the input to it. `known` is the method that the check of the pipeline
  // found, if any; else the method is looked up by `name`. Errors: not_found; then the call has completed, and the
  // lease is released.
  Status aim(Callee& callee, Lease&& lease, const MethodRef& known, const std::string& name, ValueWriter& writer);
  bool runs_inline() const { return method_.runs_inline; }

  // Then one of the following. The lease is released when the method has returned.
  Result<Value> call_inline(const CallOptions& options);
  // Callee::call_on_lane has the contract of `done`.
  void call_on_lane(CallOptions&& options, EventLoop& reply, UniqueFunction<void(CallResult)> done);
  void call_on_lane(CallOptions&& options, const Completion& completion);

 private:
  Callee* callee_ = nullptr;
  Lease lease_;
  Callee::Method method_;
};

}  // namespace dormouse
