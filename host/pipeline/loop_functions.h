// What the functions of all requests of one loop share: the bound of their CPU time, turns of the loop between those
// that used theirs up, and the cleaning of Lua states that hold much garbage. Loop thread.
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
  // References outlive it; `arrivals` owns it, and is kept while something is to come.
  LoopFunctions(EventLoop& loop, Arrivals& arrivals, Callees& callees, const Clock& clock, const ScriptLimits& limits,
                Metrics& metrics);

  Callees& callees() const { return callees_; }
  const Clock& clock() const { return clock_; }
  Duration cpu_max() const { return limits_.entry_cpu_max; }

  // Whether the function of that attempt has to wait for its turn; then Arrivals::on_turn comes, once. Dropped without
  // a word when the attempt has moved on.
  bool put_off(const Address& at, FunctionSlot slot);

  // A function has used up its CPU time: lets the loop turn once before the next one begins. Without it, one request
  // with many such functions would hold everybody else up for the sum of them.
  void budget_exceeded();
  // A fault of a stage's function, by the stage's place in its script.
  void count_fault(const std::string& file, int line);

  // Soon, and not after each request: what serves at the moment may need as much again. `of` keeps `scripts`.
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
