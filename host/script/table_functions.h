// Lua's table library, with a check of the CPU budget in every turn of every loop. The stock library trusts lengths,
// and goes on in C when a metamethod swallows the error that should have ended the loop. It follows Lua 5.4 with three
// differences. concat, insert, remove and sort take tables only. sort is a merge sort: it accepts any comparator
// ("invalid order function" does not exist), and writes nothing back when the comparator raises an error. The result of
// concat is bounded by kStringBytesMax (sandbox_limits.h). Thread: the one that owns the Lua state.
#pragma once

#include "script/lua.h"

namespace dormouse {

// Pushes the library. Raises Lua errors (memory).
void open_table_functions(lua_State* L);

}  // namespace dormouse
