// JSON text into values, by declared type: the text is read once and written straight into a Value.
// Not a document model: nothing is parsed that the type does not ask for. Pure; any thread.
#pragma once

#include <string_view>

#include "base/status.h"
#include "values/type.h"
#include "values/value.h"

namespace dormouse {

struct JsonLimits {
  ValueLimits value;  // of what is built
};

// The value in `text`, of exactly the type `type`:
//   list, map, record  array and object; a record's fields each at most once, all that are not optional, no other
//   tensor             (nested) arrays of numbers, straight into its elements; the shape is checked
//   bytes              {"$bytes": "<base64>"}
//   any                everything: integers stay integers, an object of the one member "$bytes" is bytes
//   T?                 also null; as a field of a record also absent
// An integer is taken where a float is wanted; 1.0 is not taken where an int is wanted.
// Errors: invalid_argument: not JSON (also NaN, a key twice, invalid UTF-8, anything behind the value; the byte is
// named), not of the type (`object` is the JSON pointer of the place, the message "expected string, found number"), an
// integer beyond 64 bits or a number beyond its type, nesting beyond the limit. resource_exhausted: value too large.
Result<Value> parse_json(std::string_view text, const Type& type, const JsonLimits& limits = {});

}  // namespace dormouse
