// One node of one activation while it runs: its call or its function, or its group. Data; the flow is kinds/stage's and
// kinds/group's, and the state of its wrappers is in the activation's block (calls/wrappers.h). Its place in the
// activation is used again, so what it had allocated stays. Loop thread.
#pragma once

#include <optional>

#include "pipeline/calls/try_once.h"
#include "pipeline/function_run.h"
#include "pipeline/kinds/group.h"
#include "pipeline/pipeline.h"
#include "pipeline/stage_times.h"

namespace dormouse {

struct NodeRun {
  // `wrapped`: one of its wrappers waits, for what another request is making.
  enum class Phase : uint8_t { waiting, started, cold, calling, wrapped, ended };
  Phase phase = Phase::waiting;
  uint8_t depth = 0;           // how many of its wrappers stand around what it does now: so many outermost ones
  bool wrappers_used = false;  // one of them may have something to let go
  bool user_counted = false;   // still among the users of its component's lease
  CacheResult cache_result = CacheResult::none;
  uint16_t inputs_missing = 0;  // of a stage: nodes that it waits for
  // Both unique in the request, and 0 when it has nothing running: what its call and function are addressed by, which
  // moves on whenever they are let go; and what its wrappers are, which stays from the node's beginning to its end.
  uint32_t attempt = 0, begun = 0;
  StageTimes times;
  Time cold_since{};
  TryOnce call;  // of its component
  std::optional<FunctionRun> function;
  GroupRun group;

  bool is_running() const { return phase != Phase::waiting && phase != Phase::ended; }
};

}  // namespace dormouse
