// dm.stage, dm.parallel and dm.pipeline: from a script's tables to descriptions.
// Lua functions; one thread at a time: the thread that owns the Lua state.
#pragma once

#include "script/lua.h"

namespace dormouse {

int dm_stage(lua_State* L);
int dm_parallel(lua_State* L);
int dm_pipeline(lua_State* L);

}  // namespace dormouse
