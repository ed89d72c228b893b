// A function of a stage as a call: it begins with the stage's values and completes with what it returns. The coroutine
// is script's; here are the calls that it waits for, with their leases, and where its time went. Loop thread.
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

  // First. Errors: resource_exhausted; then there is nothing to close.
  Status open(LoopScripts& scripts, FunctionSlot slot, Time now, const StageTimes& times);
  FunctionSlot slot() const { return coroutine_.slot(); }
  Time began() const { return began_; }

  // Each enters Lua and gives what came of it. A call that it waits for is kept here, and what the step has of it is
  // empty.
  Step begin(const FunctionCoroutine::Entry& entry, const Status& replaced);
  Step go_on(const FunctionCoroutine::Entry& entry, const Result<Value>& answer);

  // The call that it waits for. One that needs a load waits for a lease of its own, which Arrivals::on_function_lease
  // brings.
  TryOnce& call() { return call_; }
  Callee& callee() const { return *callee_; }
  const std::string& method() const { return method_; }
  std::optional<Lease> try_lease() { return callee_->try_acquire(); }
  void demand_lease(const Completion& completion);
  void lease_came() { wanted_.reset(); }

  // Since it began, without the loads and queues that its stage has waited for since then.
  Duration worked(Time now, const StageTimes& times) const;

  // The end, of one that returned and of any other. Once.
  void close(LoopScripts& scripts, Duration cpu_max);

 private:
  void keep_call(Step& step);

  FunctionCoroutine coroutine_;
  Time began_{};
  Duration cold_before_{}, queued_before_{};
  TryOnce call_;
  Callee* callee_ = nullptr;
  std::string method_;
  std::shared_ptr<void> wanted_;  // while a load is waited for: the demand loses its place with it
};

}  // namespace dormouse
