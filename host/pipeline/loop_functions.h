// The rules that the Lua functions of all requests of one loop share: the bound of their CPU time, a turn of the loop
// after a function that used up its bound, and garbage collection of Lua states. It runs no function (function_run.h
// does). Owner: the scheduler. Thread: the loop's. It fails with nothing.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/metrics.h"
#include "graph/callee.h"
#include "pipeline/arrivals.h"
#include "pipeline/pipeline.h"
#include "script/loop_scripts.h"
#include "script/script_limits.h"

namespace dormouse {

class LoopFunctions {
 public:
  // References outlive it. `arrivals` owns this object, and is kept alive while a turn or a cleaning is to come.
  LoopFunctions(EventLoop& loop, Arrivals& arrivals, Callees& callees, const Clock& clock, const ScriptLimits& limits,
                Metrics& metrics);

  Callees& callees() const { return callees_; }
  const Clock& clock() const { return clock_; }
  Duration cpu_max() const { return limits_.entry_cpu_max; }

  // Whether the function of this attempt must wait for its turn. If so, Arrivals::on_turn comes, once, unless the
  // attempt has moved on by then.
  bool put_off(const Address& at, FunctionSlot slot);

  // A function has used up its CPU time: the loop turns once before the next function begins. Otherwise one request
  // with many such functions would delay all other requests by the sum of their times.
  void budget_exceeded();
  // Counts a fault of a stage's function, by the file and line of the stage.
  void count_fault(const std::string& file, int line);

  // Collects the garbage of `scripts` soon. Not after each request, because the next ones may need as much memory
  // again. `of` keeps `scripts` alive.
  void clean_later(const PipelinePtr& of, LoopScripts& scripts);

 private:
  void begin_put_off();
  void clean(const std::weak_ptr<const Pipeline>& of, LoopScripts& scripts);

  EventLoop& loop_;
  Arrivals& arrivals_;
  Callees& callees_;
  const Clock& clock_;
  const ScriptLimits limits_;
  Metrics& metrics_;
  Counter& budget_exceeded_;
  bool resting_ = false;
  std::deque<std::pair<Address, FunctionSlot>> put_off_;
};

}  // namespace dormouse
