// The libraries a script sees: an allow-list, read-only, with everything that could run long in C bounded
// (patterns: pattern.h).
// No io, os, debug, package, load, dofile, collectgarbage, print; no __gc, because Lua runs finalizers without hooks.
#pragma once

#include <string>
#include <vector>

#include "pipeline/lua.h"

namespace dormouse {

constexpr size_t kStringBytesMax = size_t{16} << 20;  // of one string.rep or table.concat
constexpr size_t kSortElementsMax = 200'000;          // table.sort of numbers takes 50 ms then
constexpr double kSortStepsMax = 20e6;                // comparisons of texts up to kSortBytesPerStep: 100 to 200 ms
constexpr double kSortBytesPerStep = 64;
constexpr size_t kMoveElementsMax = 1'000'000;  // table.move

// Opens everything into the globals of `L`. Raises Lua errors: run it protected.
void open_sandbox(lua_State* L);

// Replaces the table on top of the stack by a read-only view of it. `name` is what errors call it.
void push_read_only(lua_State* L, const char* name);

}  // namespace dormouse
