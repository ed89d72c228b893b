// The host's side of a Lua state: what the state is doing now, which is loading a script or running a stage function.
// The host's C functions find it through the state. Data. Owner: as for the state. Thread: the one that owns the state.
#pragma once

#include <cstddef>
#include <cstdint>

#include "graph/description.h"
#include "graph/source_text.h"
#include "script/lua_state.h"
#include "values/value.h"

namespace dormouse {

struct FunctionFrame;

enum class ScriptKind : uint8_t { pipelines, policies };

// The load of one script: the place for its descriptions, and an account of their size. Descriptions lie outside of the
// Lua state, so the memory limit of the state does not bound them; the account does.
struct ScriptSession {
  const SourceText& source;
  ScriptKind kind;
  ScriptDescription& into;
  ValueWriter writer = ValueWriter();
  size_t described = 0;        // stages, pipelines, pools, caches
  size_t described_bytes = 0;  // of refs and constants
};

// The `owner` of a LuaState (LuaState::create).
struct ScriptHost {
  ScriptSession* loading = nullptr;
  FunctionFrame* running = nullptr;  // the stage function that runs now
};
inline ScriptHost& script_host(lua_State* L) {
  return *static_cast<ScriptHost*>(LuaState::owner_of(L));
}

}  // namespace dormouse
