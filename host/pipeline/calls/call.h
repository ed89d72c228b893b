// The part of a call that does not depend on how it is made: it begins once with an input, completes once with a
// result, and may be cancelled. It keeps the input until then, and the token that cancels it.
//
// A call completes in one of two ways: at once, with what the function that made it returns, so that nothing is
// allocated and no stage recurses into the next; or later, through its Completion (arrivals.h), which is all that it
// knows of its parent. There is one way to make one: TryOnce. What stands around calls is no call, but a wrapper
// (wrapper.h).
//
// Owner: the run of a stage or of a function, one call at a time; when one has completed the next may begin in its
// place. Loop thread.
#pragma once

#include <optional>
#include <utility>

#include "base/clock.h"
#include "components/call_options.h"
#include "pipeline/pipeline.h"
#include "values/value.h"

namespace dormouse {

class Call {
 public:
  void begin(Value&& input) { input_ = std::move(input); }
  const Value& input() const { return input_; }

  // What is said with a call that a lane works on, with this call's own token, which is made here: a call that ends at
  // once needs none.
  CallOptions options(const PipelineRequest& of, Time deadline) {
    if (!cancel_) cancel_.emplace();
    CallOptions options;
    options.request_id = of.request_id;
    options.deadline = deadline;
    options.cancel = *cancel_;
    options.priority = of.priority;
    return options;
  }

  // It has completed: its input is no longer needed.
  void complete() {
    if (input_) input_ = Value();
  }
  // Its result is no longer wanted: what works on it hears that by its token, and what it comes to is dropped by its
  // Address.
  void cancel() {
    complete();
    if (!cancel_) return;
    cancel_->cancel();
    cancel_.reset();
  }

 protected:
  Value input_;

 private:
  std::optional<CancelToken> cancel_;
};

}  // namespace dormouse
