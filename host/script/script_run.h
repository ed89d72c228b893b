// Runs one script once, so that it describes its pipelines or policies.
// One thread at a time: the thread that owns the Lua state.
#pragma once

#include <memory>

#include "graph/script_errors.h"
#include "graph/source_text.h"
#include "script/lua_state.h"
#include "script/script_host.h"
#include "script/script_limits.h"

namespace dormouse {

// A state with everything in it. `host` outlives it. Errors: resource_exhausted.
Result<std::unique_ptr<LuaState>> make_script_state(const ScriptLimits& limits, ScriptHost& host);

// Runs the script in `state` and adds what it describes. False when Lua itself stopped it; the reason is in `errors`.
bool run_script(LuaState& state, ScriptHost& host, const SourceText& source, ScriptKind kind,
                const ScriptLimits& limits, ScriptDescription& into, ScriptErrors& errors);

}  // namespace dormouse
