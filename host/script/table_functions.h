// Lua's table library with a look at the CPU budget in every turn of every loop: the stock one trusts lengths, and runs
// on in C when a metamethod swallows the error that should have ended it.
// As Lua 5.4 defines it, with three differences: concat, insert, remove and sort take tables only; sort is a merge
// sort, which takes any comparator ("invalid order function" does not exist) and writes nothing back when one raises an
// error; the result of concat is bounded by kStringBytesMax (sandbox_limits.h).
#pragma once

#include "script/lua.h"

namespace dormouse {

// Pushes the library. Raises Lua errors (memory).
void open_table_functions(lua_State* L);

}  // namespace dormouse
