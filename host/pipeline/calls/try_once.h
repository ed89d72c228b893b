// The leaf of every call: with a lease, finds the method in what is loaded, and calls it inline or on the component's
// lane. Tries once: no cache, no second attempt, no fallback; those are wrappers. Loop thread.
#pragma once

#include <optional>
#include <string>

#include "graph/callee.h"
#include "pipeline/arrivals.h"
#include "pipeline/calls/call.h"

namespace dormouse {

class TryOnce : public Call {
 public:
  // First: finds the method and fits the input to it. `known` is where a check found it, if one did; else it is looked
  // up by `name`. Errors: not_found; then the call has completed with that, and the lease is gone.
  Status aim(Callee& callee, Lease&& lease, const MethodRef& known, const std::string& name, ValueWriter& writer);
  bool runs_inline() const { return method_.runs_inline; }

  // Then one of the two. The lease is released when the method has returned.
  Result<Value> call_inline(const CallOptions& options);
  // `done` as Callee::call_on_lane's.
  void call_on_lane(CallOptions&& options, EventLoop& reply, UniqueFunction<void(CallResult)> done);
  void call_on_lane(CallOptions&& options, const Completion& completion);

 private:
  Callee* callee_ = nullptr;
  Lease lease_;
  Callee::Method method_;
};

}  // namespace dormouse
