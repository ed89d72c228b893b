// The base of a call, independent of how the call is made: a call begins once with an input, completes once with a
// result, and may be cancelled. It keeps the input until it completes, and the cancel token.
//
// A call completes in one of two ways. At once: the function that makes it returns the result, so nothing is allocated
// and no stage calls the next one. Or later: the result goes through a Completion (arrivals.h), which is all that the
// call knows of its parent. The only kind of call is TryOnce (try_once.h). A wrapper (wrapper.h) stands around a call,
// and is no call.
//
// Owner: the run of a stage or of a function, which makes one call at a time and uses the object again. Thread: the
// loop's.
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

  // The options of a call on a lane. Makes the cancel token of this call; an inline call needs none.
  CallOptions options(const PipelineRequest& of, Time deadline) {
    if (!cancel_) cancel_.emplace();
    CallOptions options;
    options.request_id = of.request_id;
    options.deadline = deadline;
    options.cancel = *cancel_;
    options.priority = of.priority;
    return options;
  }

  // The call has completed: frees its input.
  void complete() {
    if (input_) input_ = Value();
  }
  // The result is no longer wanted: cancels the token. A result that still comes is dropped, because its Address is
  // stale by then.
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
