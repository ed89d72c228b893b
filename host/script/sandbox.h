// The libraries that a script sees: an allow-list, read-only. No library function works long in C without checking the
// CPU budget of its entry: loops check it in each turn (table_functions.h, pattern.h), and work that is linear in a
// text is bounded by the text, whose memory the state bounds. There is no io, os, debug, package, load, dofile,
// collectgarbage or print; and no __gc, because Lua runs finalizers without hooks.
// Functions; thread: the one that owns the Lua state.
#pragma once

#include "script/lua.h"

namespace dormouse {

// Puts the allowed libraries into the globals of `L`. Raises Lua errors, so call it inside protect() (lua_state.h).
void open_sandbox(lua_State* L);

// Replaces the table on top of the stack by a read-only view of it. `name` is the name of the table in errors.
void push_read_only(lua_State* L, const char* name);

}  // namespace dormouse
