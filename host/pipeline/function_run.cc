#include "pipeline/function_run.h"

#include <utility>

namespace dormouse {

Status FunctionRun::open(LoopScripts& scripts, FunctionSlot slot, Time now, const StageTimes& times) {
  began_ = now;
  cold_before_ = times.cold;
  queued_before_ = times.queued;
  return coroutine_.open(scripts, slot);
}

FunctionRun::Step FunctionRun::begin(const FunctionCoroutine::Entry& entry, const Status& replaced) {
  Step step = coroutine_.begin(entry, replaced);
  keep_call(step);
  return step;
}

FunctionRun::Step FunctionRun::go_on(const FunctionCoroutine::Entry& entry, const Result<Value>& answer) {
  call_.complete();
  Step step = coroutine_.go_on(entry, answer);
  keep_call(step);
  return step;
}

void FunctionRun::keep_call(Step& step) {
  FunctionCall* call = std::get_if<FunctionCall>(&step);
  if (!call) return;
  callee_ = call->callee;
  method_ = std::move(call->method);
  call_.begin(std::move(call->input));
}

void FunctionRun::demand_lease(const Completion& completion) {
  wanted_ = std::make_shared<char>();
  Demand demand;
  demand.cause = "request";
  demand.wanted = wanted_;
  // Runs on any thread, maybe at once: it only hands over.
  demand.done = [to = completion.to.shared_from_this(), &loop = completion.loop,
                 at = completion.at](Result<Lease> lease) {
    loop.post([to, at, lease = std::move(lease)]() mutable { to->on_function_lease(at, std::move(lease)); });
  };
  callee_->acquire(std::move(demand));
}

Duration FunctionRun::worked(Time now, const StageTimes& times) const {
  return now - began_ - (times.cold - cold_before_) - (times.queued - queued_before_);
}

void FunctionRun::close(LoopScripts& scripts, Duration cpu_max) {
  call_.cancel();
  coroutine_.close(scripts, cpu_max);
}

}  // namespace dormouse
