// The Lua state of one generation on one loop, and the functions found in it; also `ctx`, the object of a request in
// that state. It runs nothing (function_coroutine.h does).
// Owner: the generation; a RequestCtx, the request. One thread at a time: until the generation serves, the thread that
// loads the scripts; then the loop's; at the end the closer's.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "script/lua_state.h"
#include "script/script_host.h"

namespace dormouse {

struct LoopScripts {
  ScriptHost host;
  std::unique_ptr<LuaState> state;
  std::vector<int> functions;  // references in Lua's registry, by Generation::functions
  bool is_cleaned = false;     // a cleaning is due or under way
};

// The `ctx` of one request in one Lua state. All functions of the request share it; it is made when the first one
// begins.
class RequestCtx {
 public:
  // Pushes `ctx` on the stack. Raises Lua errors (memory).
  void push(lua_State* L, uint64_t request_serial);
  // Ends `ctx`: reading it fails from then on. Once, when the request ends.
  void let_go(LoopScripts& scripts);
  bool is_made() const { return anchor_.has_value(); }

 private:
  std::optional<int> anchor_;  // in the registry
};

}  // namespace dormouse
