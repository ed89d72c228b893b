// The Lua functions dm.stage, dm.parallel and dm.pipeline: they turn tables of a script into descriptions
// (graph/description.h). Wrong keys become faults (script_reading.h). Thread: the one that owns the Lua state.
#pragma once

#include "script/lua.h"

namespace dormouse {

int dm_stage(lua_State* L);
int dm_parallel(lua_State* L);
int dm_pipeline(lua_State* L);

}  // namespace dormouse
