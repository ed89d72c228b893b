// Bounds for the result of one call of a library function. A function that would exceed its bound raises a Lua error.
#pragma once

#include <cstddef>

namespace dormouse {

constexpr size_t kStringBytesMax = size_t{16} << 20;  // of one string.rep, string.pack or table.concat
constexpr int kFormatValuesMax = 1000;                // of one string.format

}  // namespace dormouse
