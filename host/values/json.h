// Reads JSON without declared types as a value: for manifests and other small documents that people write as files.
// HTTP bodies are read by http/json.h, by declared type, with tensors and bytes. Pure; any thread.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/status.h"
#include "values/value.h"

namespace dormouse {

// Reads strict RFC 8259: no comments, no trailing commas, each key once per object, UTF-8. Integers beyond int64 are
// refused. `object` names the text in errors. Errors: invalid_argument with line and column, resource_exhausted over a
// limit.
Result<Value> value_from_json(std::string_view text, std::string_view object, const ValueLimits& limits = {});

}  // namespace dormouse
