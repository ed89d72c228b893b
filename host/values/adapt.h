// A value brought to the type that is wanted, where its writer (Lua) could not tell two types apart: {} becomes an
// empty list, 3.0 an int, a string bytes. Pure; any thread.
#pragma once

#include "values/type.h"
#include "values/value.h"

namespace dormouse {

// `value` with what cannot be told apart decided by `wanted`; what does not fit stays as it is. Uses up `writer`.
Value adapt(const Value& value, const Type& wanted, ValueWriter& writer);

}  // namespace dormouse
