#include "pipeline/request_run.h"

#include <utility>

#include "base/object_names.h"

namespace dormouse {

void RequestRun::fail(Status status, FaultOf whose) {
  if (finished) return;
  finished = true;
  failure = std::move(status);
  fault = whose;
}

void RequestRun::end_in_vain() {
  const std::string object = pipeline_object(plan->graph.name);
  if (in.cancel.cancelled())
    return fail(Error{.code = Code::cancelled, .message = "the client is gone", .object = object});
  ran_out_of_time = true;
  fail(Error{.code = Code::deadline_exceeded, .message = "the deadline passed", .object = object});
}

const CallOptions& RequestRun::take_options(LoopTools& tools) const {
  CallOptions& options = tools.inline_options;
  options.request_id = in.request_id;
  options.deadline = deadline;
  options.priority = in.priority;
  options.cancel = in.cancel;
  return options;
}

}  // namespace dormouse
