// One request while it runs: what it came with, what all its activations share, and whether it is over. Data of one
// slot of the scheduler, used again for the next request. Loop thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pipeline/activation_table.h"
#include "pipeline/address.h"
#include "pipeline/arrivals.h"
#include "pipeline/graph_plan.h"
#include "pipeline/held_leases.h"
#include "pipeline/pipeline.h"
#include "script/loop_scripts.h"

namespace dormouse {

// What the stages of one loop work with. One user at a time, so nothing in it lasts beyond a step.
struct LoopTools {
  EventLoop& loop;
  const size_t index;  // into Generation::loops
  Arrivals& arrivals;
  ValueWriter writer = ValueWriter();
  CallOptions inline_options = CallOptions();
  const CancelToken unused = CancelToken();  // what inline_options and slots hold between requests
};

struct RequestRun {
  uint32_t slot = 0;
  uint32_t generation = 0;
  uint64_t serial = 0;
  PipelinePtr hold;
  const GraphPlan* plan = nullptr;  // of its pipeline
  LoopScripts* scripts = nullptr;   // of its generation; null: there are no functions
  PipelineRequest in;
  Time began{};
  Time deadline{};
  Time latest{};  // the clock, if nothing but the host ran since it was read; otherwise zero
  ActivationTable activations;
  HeldLeases leases;
  RequestCtx ctx;  // of its functions
  std::vector<StageTrace> trace;
  bool degraded = false;
  bool finished = false;         // failed, or all has ended
  bool ran_out_of_time = false;  // `failure` is the deadline's
  Status failure;
  FaultOf fault = FaultOf::host;  // of `failure`

  // Ends it with that, unless something ended it before.
  void fail(Status status, FaultOf whose = FaultOf::host);
  // Whether its answer is no longer wanted: failed, cancelled or late. The last two fail it.
  bool over(Time now) {
    if (finished || (now < deadline && !in.cancel.cancelled())) return finished;
    end_in_vain();
    return true;
  }
  Time now(const EventLoop& loop) const { return latest != Time{} ? latest : loop.now(); }

  // The options of a call that runs inline. They hold the request's cancel token until give_back_options().
  const CallOptions& take_options(LoopTools& tools) const;
  static void give_back_options(LoopTools& tools) { tools.inline_options.cancel = tools.unused; }

 private:
  void end_in_vain();  // cancelled, or late
};

}  // namespace dormouse
