// One run of a stage function: its coroutine, from the first entry into Lua to the last. Each step gives what the
// function came to as data: it has returned a value, it waits for a call, or it has failed. Knows neither loops nor
// timers nor waits. Its owner makes the calls and goes on with their answers. Thread: the one that owns the Lua state.
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
  // What one entry of one request runs with.
  struct Entry {
    LoopScripts& scripts;
    RequestCtx& ctx;
    const FunctionScope& scope;
    Duration cpu_max;
    ValueWriter& writer;
  };

  struct Failed {
    Status status;
    bool by_script = true;     // else it passes on the failure of a component that it called
    bool used_up_cpu = false;  // the loop should turn before another function begins
  };
  // A value: it has returned, and the value fits its place. A call: go on when there is an answer.
  using Step = std::variant<Value, FunctionCall, Failed>;

  // Takes a coroutine of the state. Errors: resource_exhausted; then there is nothing to close.
  Status open(LoopScripts& scripts, FunctionSlot slot);
  // Once. `replaced` is what a fallback stands for; the functions of other slots do not look at it.
  Step begin(const Entry& entry, const Status& replaced);
  // Once for each call that it waited for.
  Step go_on(const Entry& entry, const Result<Value>& answer);
  // A function that has not returned never runs on: its to-be-closed variables run, for `cpu_max` at most. Once.
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
