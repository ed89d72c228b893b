// JSON without declared types, as a value: manifests and other small documents of people who write files.
// Not the HTTP edge, which reads by declared type and knows tensors and bytes. Any thread.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/status.h"
#include "values/value.h"

namespace dormouse {

// Strict RFC 8259: no comments, no trailing commas, keys once per object, UTF-8. Integers beyond int64 are refused.
// `object` names the text in errors. Errors: invalid_argument with line and column, resource_exhausted over a limit.
Result<Value> value_from_json(std::string_view text, std::string_view object, const ValueLimits& limits = {});

}  // namespace dormouse
