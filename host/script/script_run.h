// Runs one script once; running it describes its pipelines or policies. It does not check them (graph/check.h).
// Functions; thread: the one that owns the Lua state.
#pragma once

#include <memory>

#include "graph/script_errors.h"
#include "graph/source_text.h"
#include "script/lua_state.h"
#include "script/script_host.h"
#include "script/script_limits.h"

namespace dormouse {

// Makes a Lua state with the sandbox and the module `dormouse`. `host` outlives it. Errors: resource_exhausted.
Result<std::unique_ptr<LuaState>> make_script_state(const ScriptLimits& limits, ScriptHost& host);

// Runs the script in `state` and adds its descriptions to `into`. False: Lua stopped the script; `errors` has the
// reason.
bool run_script(LuaState& state, ScriptHost& host, const SourceText& source, ScriptKind kind,
                const ScriptLimits& limits, ScriptDescription& into, ScriptErrors& errors);

}  // namespace dormouse
