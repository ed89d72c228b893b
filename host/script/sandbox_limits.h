// What one call of a library function may make. Raised as Lua errors by the functions that would make more.
#pragma once

#include <cstddef>

namespace dormouse {

constexpr size_t kStringBytesMax = size_t{16} << 20;  // of one string.rep, string.pack or table.concat
constexpr int kFormatValuesMax = 1000;                // of one string.format

}  // namespace dormouse
