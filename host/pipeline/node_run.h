// One node of one activation while it runs: its call or its function, or its group. Data; the steps are in
// kinds/stage.h and kinds/group.h. The state of its wrappers is in the activation's block (calls/wrappers.h). The
// activation uses the object again for its next run and keeps what the object has allocated. Owner: the Activation.
// Thread: the loop's.
#pragma once

#include <optional>

#include "pipeline/calls/try_once.h"
#include "pipeline/function_run.h"
#include "pipeline/kinds/group.h"
#include "pipeline/pipeline.h"
#include "pipeline/stage_times.h"

namespace dormouse {

struct NodeRun {
  // `cold`: waits for a load. `wrapped`: one of its wrappers waits, for the result of another request's flight.
  enum class Phase : uint8_t { waiting, started, cold, calling, wrapped, ended };
  Phase phase = Phase::waiting;
  uint8_t depth = 0;           // how many wrappers, from the outermost, stand around its present work
  bool wrappers_used = false;  // a wrapper may have something to stop
  bool user_counted = false;   // still a user of its component's held lease
  CacheResult cache_result = CacheResult::none;
  uint16_t inputs_missing = 0;  // of a stage: nodes that it waits for
  // Numbers for Address, unique in the request; 0: nothing runs. `attempt` is for the node's call and function, and
  // changes whenever they are stopped. `begun` is for its wrappers, and stays from the node's beginning to its end.
  uint32_t attempt = 0, begun = 0;
  StageTimes times;
  Time cold_since{};
  TryOnce call;  // the call of its component
  std::optional<FunctionRun> function;
  GroupRun group;

  bool is_running() const { return phase != Phase::waiting && phase != Phase::ended; }
};

}  // namespace dormouse
