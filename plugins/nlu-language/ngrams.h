// The n-grams of a text: every letter together with up to order - 1 characters before it, never across a word's
// beginning. Training and detection must see the same ones, so both go through this file. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "text.h"

namespace dormouse::language {

// The longest n-gram a model may use.
inline constexpr unsigned kOrderMax = 6;

// Names an n-gram: characters are added from its last to its first. 64 bits: among the few million n-grams of a model
// two with one name do not happen.
class NgramHash {
 public:
  void add(char32_t c) {
    state_ = (state_ ^ c) * 0x9E3779B97F4A7C15u;
    state_ ^= state_ >> 29;
  }
  uint64_t value() const { return (state_ ^ (state_ >> 32)) * 0xD6E8FEB86659FD93u; }

 private:
  uint64_t state_ = 0x51ED270B7F4A7C15u;
};

// Calls visit(hash, order) for each n-gram that ends at words[end]; the shortest first.
template <class Visit>
void visit_ngrams_at(std::u32string_view words, size_t end, unsigned order_max, Visit visit) {
  NgramHash hash;
  for (unsigned order = 1; order <= order_max && order <= end + 1; ++order) {
    const char32_t c = words[end + 1 - order];
    hash.add(c);
    visit(hash.value(), order);
    if (c == kBoundary && order > 1) break;
  }
}

// The number of places n-grams end at: letters, and the boundary behind each word.
inline size_t ngram_places(std::u32string_view words) {
  return words.empty() ? 0 : words.size() - 1;
}

}  // namespace dormouse::language
