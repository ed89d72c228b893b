// One run of a Lua function of a stage. It makes the calls of components for which the function waits, takes their
// leases, and measures time. The Lua side, a coroutine, is script/function_coroutine.h.
// Owner: the NodeRun of the stage. Thread: the loop's. A failure of the function is a step of type Failed.
#pragma once

#include <memory>
#include <optional>

#include "pipeline/arrivals.h"
#include "pipeline/calls/try_once.h"
#include "pipeline/stage_times.h"
#include "script/function_coroutine.h"

namespace dormouse {

class FunctionRun {
 public:
  using Step = FunctionCoroutine::Step;
  using Failed = FunctionCoroutine::Failed;

  // Takes a coroutine for the function. Before all else. Errors: resource_exhausted; then there is nothing to close.
  Status open(LoopScripts& scripts, FunctionSlot slot, Time now, const StageTimes& times);
  FunctionSlot slot() const { return coroutine_.slot(); }
  Time began() const { return began_; }

  // Both enter Lua and run the function until it returns, fails, or waits for a call. If it waits, the call is kept
  // here (call(), callee(), method()), and the FunctionCall of the step is empty. `replaced`: the error that a fallback
  // function stands in for. `answer`: the result of the call for which the function waited.
  Step begin(const FunctionCoroutine::Entry& entry, const Status& replaced);
  Step go_on(const FunctionCoroutine::Entry& entry, const Result<Value>& answer);

  // The call for which the function waits. If try_lease() gives no lease, demand_lease() loads the component;
  // Arrivals::on_function_lease brings the lease, and lease_came() records that.
  TryOnce& call() { return call_; }
  Callee& callee() const { return *callee_; }
  const std::string& method() const { return method_; }
  std::optional<Lease> try_lease() { return callee_->try_acquire(); }
  void demand_lease(const Completion& completion);
  void lease_came() { wanted_.reset(); }

  // The time since the function began, without the waits for loads and queues in between.
  Duration worked(Time now, const StageTimes& times) const;

  // Frees the coroutine, whether the function has returned or not. Once.
  void close(LoopScripts& scripts, Duration cpu_max);

 private:
  void keep_call(Step& step);

  FunctionCoroutine coroutine_;
  Time began_{};
  Duration cold_before_{}, queued_before_{};
  TryOnce call_;
  Callee* callee_ = nullptr;
  std::string method_;
  std::shared_ptr<void> wanted_;  // while it waits for a load; the demand ends with this pointer (Demand::wanted)
};

}  // namespace dormouse
