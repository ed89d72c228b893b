// The Lua functions dm.pool and dm.cache: they turn tables of a policy script into descriptions (graph/description.h).
// Wrong keys become faults (script_reading.h). Thread: the one that owns the Lua state.
#pragma once

#include "script/lua.h"

namespace dormouse {

int dm_pool(lua_State* L);
int dm_cache(lua_State* L);

}  // namespace dormouse
