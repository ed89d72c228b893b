// Values to Lua and back. The mapping is a promise to scripts:
//   null <-> dm.null        bool <-> boolean      int <-> integer (64 bits stay 64 bits)      float <-> number
//   string <-> string       bytes -> string       list <-> table 1..n (dm.list{} is one)      map <-> table with names
//   tensor <-> a read-only object: #t elements, t[i] the i-th in row-major order, t.shape, t.dtype
// Back from Lua the wanted type decides what Lua cannot tell apart: a string where bytes are wanted, {} where a list is
// wanted, 3.0 where an int is wanted. Without one: a string that is UTF-8 is a string, any other is bytes; {} is a map.
// NaN and infinity stay what they are; the edges refuse them. Names come in the order of the wanted record, else
// sorted.
#pragma once

#include <functional>
#include <string>

#include "base/status.h"
#include "script/lua.h"
#include "values/type.h"
#include "values/value.h"

namespace dormouse {

// Puts the metatables and dm.null into the registry of `L`. Raises Lua errors.
void register_value_types(lua_State* L);

// Pushes dm.null.
void push_null(lua_State* L);
// lua_CFunction of dm.list: marks a table as a list, so that an empty one stays one.
int make_list(lua_State* L);
bool is_marked_list(lua_State* L, int index);

// Pushes `value` as Lua sees it; no value pushes nil. Raises Lua errors (memory, CPU time).
void push_value(lua_State* L, const Value& value);
// The same for a value of type `type`, as functions read it in ctx: null pushes nil, and so it is left out of a map
// where the type says `T?`. In a list it stays dm.null: a gap would end the list.
void push_typed_value(lua_State* L, const Value& value, const Type& type);

// The value at `index`, of type `wanted` where that is given. nil is null.
// Raises Lua errors (memory, CPU time) only. Errors: invalid_argument with the path of what cannot be a value
// ("/entities/1"), resource_exhausted.
Result<Value> read_value(lua_State* L, int index, const Type* wanted, ValueWriter& writer);

// Reads a table of names and values in the order of the names. Calls `field(name)` with the value on top of the stack.
// False when a key is no string, or `field` answered false.
bool for_each_field(lua_State* L, int index, const std::function<bool(const std::string& name)>& field);
// The table at `index`: nothing but 1..n, nothing but names, or neither.
enum class TableShape : uint8_t { empty, list, map, mixed };
TableShape shape_of(lua_State* L, int index);

}  // namespace dormouse
