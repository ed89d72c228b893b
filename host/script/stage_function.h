// The `ctx` of a stage function in Lua: `ctx.request`, the results of earlier stages, and `ctx:call`. It knows no loops
// or timers: a call that has to wait is stored in the frame, and the coroutine is suspended until function_coroutine.h
// resumes it. Owner of the structs: the entry into Lua. Thread: the one that owns the Lua state.
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

// Most calls of one function, so that no function calls forever.
constexpr unsigned kCallsPerFunctionMax = 1000;

// Is informed before each call that a function makes. (A cached stage uses it: pipeline/calls/cached_call.h.)
class CallWitness {
 public:
  virtual ~CallWitness() = default;
  virtual void will_call(const Callee& callee, const Lease& lease) = 0;
};

// The things that a function of one stage of one request may see and use. Lives as long as the entry into Lua.
struct FunctionScope {
  uint64_t request_serial;  // of the request to which the ctx belongs
  const Graph& graph;
  uint16_t node;
  const Value& request;
  std::span<const Value> values;  // by node
  Callees& callees;
  const CallOptions& options;  // for calls that run inline
  const Clock& clock;
  CallWitness* witness;  // null: none
};

// A call for which the function waits, because it could not run at once.
struct FunctionCall {
  Callee* callee = nullptr;
  std::string method;
  Value input;
};

// One entry into a stage function; script_host().running points to it while Lua runs.
struct FunctionFrame {
  lua_State* coroutine;  // the coroutine that the host resumed
  const FunctionScope& scope;
  unsigned& calls;                           // made so far by this function
  std::optional<FunctionCall> waiting = {};  // the call for which it yielded
};

// Raises Lua errors.
void register_function_types(lua_State* L);

// Pushes the ctx of a request. Raises Lua errors (memory).
void push_ctx(lua_State* L, uint64_t request_serial);
// Pushes an error as a Lua object with code, message, object, needed, found, near (a list) and remedy. tostring() of it
// is one line.
void push_error(lua_State* L, const Status& status);
// The status for an error value that a function raised: the original status if the host made the value; for a table,
// its `code`, `message`, `object`, `needed`, `found` and `remedy`.
Status error_status(lua_State* L, int index, const std::string& object);

// Pushes the arguments that resume a function after a call: `true, value` or `false, error`.
void push_answer(lua_State* L, const Result<Value>& answer);

}  // namespace dormouse
