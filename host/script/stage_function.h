// What a function inside a stage sees: its `ctx`, with `ctx.request`, the results of earlier stages, and `ctx:call`.
// Knows neither loops nor timers: a call that has to wait is left in the frame, and the coroutine is suspended until
// its owner (function_coroutine.h) goes on with it. One thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "components/call.h"
#include "graph/callee.h"
#include "graph/graph.h"
#include "script/lua_state.h"

namespace dormouse {

// A function may not call forever without its request noticing.
constexpr unsigned kCallsPerFunctionMax = 1000;

// What a function of one stage of one request may see and use. Lives as long as the entry.
// Hears of the calls of a function, before each.
class CallWitness {
 public:
  virtual ~CallWitness() = default;
  virtual void will_call(const Callee& callee, const Lease& lease) = 0;
};

struct FunctionScope {
  uint64_t request_serial;  // whose ctx this is
  const Graph& graph;
  uint16_t node;
  const Value& request;
  std::span<const Value> values;  // by node
  Callees& callees;
  const CallOptions& options;  // for calls that run inline
  const Clock& clock;
  CallWitness* witness;  // null: nobody wants to hear
};

// A call that could not be made at once.
struct FunctionCall {
  Callee* callee = nullptr;
  std::string method;
  Value input;
};

// One entry into a stage function; script_host().running points to it while Lua runs.
struct FunctionFrame {
  lua_State* coroutine;  // the one the host resumed
  const FunctionScope& scope;
  unsigned& calls;                           // made so far by this function
  std::optional<FunctionCall> waiting = {};  // what it yielded for
};

// Raises Lua errors.
void register_function_types(lua_State* L);

// Pushes the ctx of a request. Raises Lua errors (memory).
void push_ctx(lua_State* L, uint64_t request_serial);
// Pushes what Lua sees of an error: with code, message, object, needed, found, near (a list) and remedy; tostring gives
// a line.
void push_error(lua_State* L, const Status& status);
// The status behind an error value that a function raised or passed on: the original one when it came from the host;
// from a table its `code`, `message`, `object`, `needed`, `found` and `remedy`.
Status error_status(lua_State* L, int index, const std::string& object);

// For the arguments of resuming a function that waited: `true, value` or `false, error`.
void push_answer(lua_State* L, const Result<Value>& answer);

}  // namespace dormouse
