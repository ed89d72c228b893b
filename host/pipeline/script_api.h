// What scripts see behind `require "dormouse"`, and how a script becomes a description.
// Every function of the API is in the table in script_api.cc, with the keys it knows and those that are reserved.
// One thread at a time: the thread that owns the Lua state.
#pragma once

#include <string>

#include "components/value.h"
#include "pipeline/description.h"
#include "pipeline/engine.h"
#include "pipeline/lua_state.h"
#include "pipeline/script_errors.h"
#include "pipeline/source_text.h"

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

// What the host's C functions find behind a Lua state: LuaState's owner.
struct ScriptHost {
  ScriptSession* loading = nullptr;
  FunctionFrame* running = nullptr;  // the stage function that runs now
};
inline ScriptHost& script_host(lua_State* L) {
  return *static_cast<ScriptHost*>(LuaState::owner_of(L));
}

// Puts `require` and the API into the state. Raises Lua errors.
void register_script_api(lua_State* L);

// A state with everything in it. `host` outlives it. Errors: resource_exhausted.
Result<std::unique_ptr<LuaState>> make_script_state(const ScriptLimits& limits, ScriptHost& host);

// Runs the script in `state` and adds what it describes. False when Lua itself stopped it; the reason is in `errors`.
bool run_script(LuaState& state, ScriptHost& host, const SourceText& source, ScriptKind kind,
                const ScriptLimits& limits, ScriptDescription& into, ScriptErrors& errors);

}  // namespace dormouse
