// One node of one activation while it runs: the state of its wrappers and of its call, or of its group. Data; the flow
// is kinds/stage's and kinds/group's. Its place in the activation is used again, so what it had allocated stays. Loop
// thread.
#pragma once

#include <optional>

#include "pipeline/calls/cached_call.h"
#include "pipeline/calls/timeout.h"
#include "pipeline/calls/try_once.h"
#include "pipeline/function_run.h"
#include "pipeline/kinds/group.h"
#include "pipeline/pipeline.h"

namespace dormouse {

struct NodeRun {
  // `joined`: waits for what another request is making.
  enum class Phase : uint8_t { waiting, started, cold, calling, joined, ended };
  Phase phase = Phase::waiting;
  bool in_fallback = false;
  bool user_counted = false;    // still among the users of its component's lease
  uint16_t inputs_missing = 0;  // of a stage: nodes that it waits for
  uint32_t attempt = 0;         // unique in the request; 0 when it has nothing running
  StageTimes times;
  Time cold_since{};
  Timeout timeout;
  TryOnce call;  // of its component
  std::optional<CachedCall> cached;
  std::optional<FunctionRun> function;
  Status error;                   // with a fallback: what it stands for
  FaultOf fault = FaultOf::host;  // of what ended it, when that is a failure
  CacheResult cache_result = CacheResult::none;
  GroupRun group;

  bool is_running() const { return phase != Phase::waiting && phase != Phase::ended; }
};

}  // namespace dormouse
