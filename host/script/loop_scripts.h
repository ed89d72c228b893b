// The Lua side of one set of scripts on one loop: the state, and the functions found in it. One thread at a time: the
// thread that loads the scripts until they serve, then the loop's, at the end the closer's.
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
  std::vector<int> functions;  // references in the registry, by the generation's functions
  bool is_cleaned = false;     // or about to be
};

// The `ctx` of one request in one Lua state, which all its functions share: made when the first of them begins.
class RequestCtx {
 public:
  // Pushes it. Raises Lua errors (memory).
  void push(lua_State* L, uint64_t request_serial);
  // Once, when the request ends. Reading `ctx` fails from then on.
  void let_go(LoopScripts& scripts);
  bool is_made() const { return anchor_.has_value(); }

 private:
  std::optional<int> anchor_;  // in the registry
};

}  // namespace dormouse
