// The Lua module `dormouse`, which scripts get by `require "dormouse"`: a read-only table with functions, reserved
// names, `ref` and `null`. The functions themselves: script_stages.h, script_policies.h, script_ref.h.
// Thread: the one that owns the Lua state.
#pragma once

#include "script/lua.h"

namespace dormouse {

// Puts `require` and the module into the state. Raises Lua errors.
void register_script_api(lua_State* L);

}  // namespace dormouse
