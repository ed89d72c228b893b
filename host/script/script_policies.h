// dm.pool and dm.cache: from a policy script's tables to descriptions.
// Lua functions; one thread at a time: the thread that owns the Lua state.
#pragma once

#include "script/lua.h"

namespace dormouse {

int dm_pool(lua_State* L);
int dm_cache(lua_State* L);

}  // namespace dormouse
