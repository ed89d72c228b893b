// One run of a stage function: its coroutine, from the first entry into Lua to the last. Each step returns, as data,
// how the entry ended: the function has returned a value, waits for a call, or has failed. It makes no call and knows
// no loops or timers: its owner makes the calls and resumes the function with the answers. Owner: FunctionRun (box
// `pipeline`). Thread: the one that owns the Lua state.
#pragma once

#include <cstdint>
#include <span>
#include <variant>

#include "graph/graph.h"
#include "script/loop_scripts.h"
#include "script/stage_function.h"

namespace dormouse {

class FunctionCoroutine {
 public:
  // The arguments of one entry into Lua.
  struct Entry {
    LoopScripts& scripts;
    RequestCtx& ctx;
    const FunctionScope& scope;
    Duration cpu_max;
    ValueWriter& writer;
  };

  struct Failed {
    Status status;
    bool by_script = true;     // false: the function passes on the failure of a component that it called
    bool used_up_cpu = false;  // the loop should turn once before another function begins
  };
  // Value: the function has returned, and the value has the right type. FunctionCall: call go_on() with its answer.
  using Step = std::variant<Value, FunctionCall, Failed>;

  // Takes a coroutine of the Lua state. Errors: resource_exhausted; then there is nothing to close.
  Status open(LoopScripts& scripts, FunctionSlot slot);
  // Starts the function. Once. `replaced`: the error that a fallback function stands in for; other functions ignore it.
  Step begin(const Entry& entry, const Status& replaced);
  // Resumes the function with the answer to its call. Once for each call.
  Step go_on(const Entry& entry, const Result<Value>& answer);
  // Ends the run. A function that has not returned is not resumed again; only its to-be-closed variables run, for
  // `cpu_max` of CPU time at most. Once.
  void close(LoopScripts& scripts, Duration cpu_max);

  FunctionSlot slot() const { return slot_; }

 private:
  Step enter(const Entry& entry, int arguments);
  Step failed(const Entry& entry) const;
  Step returned(const Entry& entry, int values) const;

  LuaState::Coroutine coroutine_;
  FunctionSlot slot_ = kRunSlot;
  unsigned calls_ = 0;
};

}  // namespace dormouse
