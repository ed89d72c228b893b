// Converts a value from Lua to a wanted type, where Lua has one form for two types: {} becomes an empty list, 3.0 an
// int, a string bytes. It checks no types (Type::check does). Pure; any thread.
#pragma once

#include "values/type.h"
#include "values/value.h"

namespace dormouse {

// Returns `value` with such parts converted to the types in `wanted`. A part that does not fit stays as it is.
// Overwrites the content of `writer`.
Value adapt(const Value& value, const Type& wanted, ValueWriter& writer);

}  // namespace dormouse
