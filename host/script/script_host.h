// What the host's C functions find behind a Lua state: what the state is doing now, loading a script or running a
// function of one. One thread at a time: the thread that owns the state.
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

// While one script loads: where what it says goes, and how much that is. What it describes lies outside of the Lua
// state, so that state's limit does not bound it.
struct ScriptSession {
  const SourceText& source;
  ScriptKind kind;
  ScriptDescription& into;
  ValueWriter writer = ValueWriter();
  size_t described = 0;        // stages, pipelines, pools, caches
  size_t described_bytes = 0;  // of refs and constants
};

// LuaState's owner.
struct ScriptHost {
  ScriptSession* loading = nullptr;
  FunctionFrame* running = nullptr;  // the stage function that runs now
};
inline ScriptHost& script_host(lua_State* L) {
  return *static_cast<ScriptHost*>(LuaState::owner_of(L));
}

}  // namespace dormouse
