// A pipeline as its callers see it: its description, a request to it, and the response. Data; it runs nothing (engine.h
// does). Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "components/call.h"
#include "graph/pipeline_info.h"
#include "pipeline/stage_trace.h"
#include "values/value.h"

namespace dormouse {

struct PipelineRequest {
  Value input;  // already of the pipeline's input type
  uint64_t request_id = 0;
  Time deadline = Time::max();  // counts when it is earlier than the pipeline's deadline
  Lane::Priority priority = Lane::Priority::normal;
  CancelToken cancel;  // set by the caller when the client is gone
};

// Whose fault an unexpected failure is: of the host itself, of a script's function, or of a component that was called.
enum class FaultOf : uint8_t { host, script, component };

struct PipelineResponse {
  Status status;                  // not ok: no output
  FaultOf fault = FaultOf::host;  // meaningful with Code::internal alone
  Value output;
  bool degraded = false;           // a stage ended in fallback, or an optional stage or partial group in error
  std::vector<StageTrace> stages;  // in order of their ends; without stages that had not ended when the request did
  uint64_t generation = 0;
  Time ended{};  // when the last stage ended
};

// A pipeline of one generation; holding it keeps that generation alive.
class Pipeline {
 public:
  virtual ~Pipeline() = default;
  virtual const PipelineInfo& info() const = 0;
};
using PipelinePtr = std::shared_ptr<const Pipeline>;

}  // namespace dormouse
