// Converts values (values/value.h) to Lua values and back. Functions; thread: the one that owns the Lua state. The
// mapping is a promise to scripts:
//   null <-> dm.null        bool <-> boolean      int <-> integer (64 bits stay 64 bits)      float <-> number
//   string <-> string       bytes -> string       list <-> table 1..n (dm.list{} is one)      map <-> table with names
//   tensor <-> a read-only object: #t elements, t[i] the i-th in row-major order, t.shape, t.dtype
// Lua has one form for some pairs of types: string and bytes, {} for list and map, 3.0 for int and float. On the way
// back the wanted type decides. Without a wanted type, a UTF-8 string is a string, any other string is bytes, {} is a
// map. NaN and infinity are kept; HTTP and JSON refuse them. Names of a map come in the order of the wanted record,
// else sorted.
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

// Pushes `value` as a Lua value; no value pushes nil. Raises Lua errors (memory, CPU time).
void push_value(lua_State* L, const Value& value);
// The same for a value of type `type`, as functions see it in `ctx`: null pushes nil, so a field of type `T?` that is
// null is left out of a map. In a list null stays dm.null, because a gap would end the list.
void push_typed_value(lua_State* L, const Value& value, const Type& type);

// Reads the Lua value at `index`, as type `wanted` if that is not null. nil becomes null. Raises Lua errors only for
// memory and CPU time. Errors: invalid_argument with the path of a part that cannot be a value ("/entities/1"),
// resource_exhausted.
Result<Value> read_value(lua_State* L, int index, const Type* wanted, ValueWriter& writer);

// Reads a table whose keys are names, sorted by name. Calls `field(name)` with the value on top of the stack. False:
// a key is no string, or `field` returned false.
bool for_each_field(lua_State* L, int index, const std::function<bool(const std::string& name)>& field);
// The keys of the table at `index`: none, only 1..n, only names, or mixed.
enum class TableShape : uint8_t { empty, list, map, mixed };
TableShape shape_of(lua_State* L, int index);

}  // namespace dormouse
