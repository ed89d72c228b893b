// A number for a text of a training, the same in each run and on each machine: it decides which rows are held out, and
// which texts are one and the same. Not for texts of clients: collisions are easy to make. Any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace dormouse::nlu {

// FNV-1a, mixed so that its high bits depend on all of the text; take those.
inline uint64_t row_hash(std::string_view text) {
  uint64_t hash = 0xCBF29CE484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return (hash ^ (hash >> 31)) * 0x9E3779B97F4A7C15u;
}

}  // namespace dormouse::nlu
