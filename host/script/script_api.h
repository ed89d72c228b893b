// What scripts see behind `require "dormouse"`: a read-only table of functions, names that are reserved, `ref` and
// `null`. One thread at a time: the thread that owns the Lua state.
#pragma once

#include "script/lua.h"

namespace dormouse {

// Puts `require` and the API into the state. Raises Lua errors.
void register_script_api(lua_State* L);

}  // namespace dormouse
