// `dm.ref` as scripts see it: a userdata that is indexed into longer refs, and stands for a value that exists when a
// request runs. Its Lua functions raise errors for everything else that is done with it.
// One thread at a time: the thread that owns the Lua state.
#pragma once

#include "graph/expression.h"
#include "script/lua.h"

namespace dormouse {

// Puts the type into the registry of `L`. Raises Lua errors.
void register_ref_type(lua_State* L);
// Pushes `ref`, which names nothing yet. Raises Lua errors (memory).
void push_ref(lua_State* L);
// The ref at `index`, or null.
const Reference* ref_at(lua_State* L, int index);
// Whether the value at `index` is a ref or a table with one somewhere inside. Raises Lua errors (CPU time).
bool contains_ref(lua_State* L, int index);

}  // namespace dormouse
