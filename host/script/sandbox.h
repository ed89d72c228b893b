// The libraries a script sees: an allow-list, read-only. No library function works long in C without a look at the CPU
// budget of its entry: loops look in each turn (table_functions.h, pattern.h), and what is linear in a text is bounded
// by the text, whose memory the state bounds. No io, os, debug, package, load, dofile, collectgarbage, print; no __gc,
// because Lua runs finalizers without hooks.
#pragma once

#include "script/lua.h"

namespace dormouse {

// Opens everything into the globals of `L`. Raises Lua errors: run it protected.
void open_sandbox(lua_State* L);

// Replaces the table on top of the stack by a read-only view of it. `name` is what errors call it.
void push_read_only(lua_State* L, const char* name);

}  // namespace dormouse
