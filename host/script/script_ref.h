// `dm.ref` in scripts: a userdata that stands for a value of a later request. Indexing a ref gives a longer ref; any
// other use raises a Lua error. It is not the value, and is not evaluated here (graph/expression.h).
// Owner: the Lua state. Thread: the one that owns the Lua state.
#pragma once

#include "graph/expression.h"
#include "script/lua.h"

namespace dormouse {

// Puts the type into the registry of `L`. Raises Lua errors.
void register_ref_type(lua_State* L);
// Pushes `dm.ref` itself, a ref without a name. Raises Lua errors (memory).
void push_ref(lua_State* L);
// The ref at `index`, or null.
const Reference* ref_at(lua_State* L, int index);
// Whether the value at `index` is a ref or a table with one somewhere inside. Raises Lua errors (CPU time).
bool contains_ref(lua_State* L, int index);

}  // namespace dormouse
