// One request while it runs: its input, the things that its activations share, and whether it is over. Data, not the
// run of a graph (activation.h). Owner: a slot of the scheduler, which uses the object again for its next request.
// Thread: the loop's.
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

// Things that all stages of one loop use, one stage at a time. Nothing in it is kept beyond a step.
struct LoopTools {
  EventLoop& loop;
  const size_t index;  // into Generation::loops
  Arrivals& arrivals;
  ValueWriter writer = ValueWriter();
  CallOptions inline_options = CallOptions();
  const CancelToken unused = CancelToken();  // the token of inline_options and free slots, between requests
};

struct RequestRun {
  uint32_t slot = 0;
  uint32_t generation = 0;
  uint64_t serial = 0;
  PipelinePtr hold;                 // keeps the generation alive
  const GraphPlan* plan = nullptr;  // of its pipeline
  LoopScripts* scripts = nullptr;   // of its generation; null: there are no functions
  PipelineRequest in;
  Time began{};
  Time deadline{};
  Time latest{};  // the last reading of the clock; zero: plugin or script code ran since
  ActivationTable activations;
  HeldLeases leases;
  RequestCtx ctx;  // the `ctx` of its Lua functions
  std::vector<StageTrace> trace;
  bool degraded = false;
  bool finished = false;         // failed, or all has ended
  bool ran_out_of_time = false;  // `failure` came from the deadline
  Status failure;
  FaultOf fault = FaultOf::host;  // of `failure`

  // Ends the request with `status`, unless it has ended already.
  void fail(Status status, FaultOf whose = FaultOf::host);
  // Whether the request is over: finished, cancelled or past its deadline. In the last two cases fails it.
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
