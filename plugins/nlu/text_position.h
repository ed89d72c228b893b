// Where characters stand in UTF-8: code points one by one, and offsets in bytes and in code points from one another.
// Not about letters: unicode/characters.h knows those. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "nlu/unicode/characters.h"

namespace dormouse::nlu {

// One code point of a text and the bytes it takes.
struct CodePoint {
  char32_t c = 0;
  size_t begin = 0, end = 0;  // bytes
};

// Calls visit(CodePoint) for each code point; damaged bytes come as U+FFFD, one byte each at least.
template <class Visit>
void each_code_point(std::string_view utf8, Visit visit) {
  const char* at = utf8.data();
  const char* const end = at + utf8.size();
  while (at < end) {
    const char* begin = at;
    const char32_t c = next_character(&at, end);
    visit(CodePoint{c, static_cast<size_t>(begin - utf8.data()), static_cast<size_t>(at - utf8.data())});
  }
}

// Appends `c` as UTF-8; what is no code point becomes U+FFFD.
void append_utf8(char32_t c, std::string* out);

// Code points in valid UTF-8.
size_t code_point_count(std::string_view utf8);

// The byte at which code point number `index` of valid UTF-8 begins; the size of the text beyond its end.
size_t byte_offset(std::string_view utf8, size_t index);

// How many code points of valid UTF-8 begin before byte `offset`.
size_t code_point_offset(std::string_view utf8, size_t offset);

// The longest beginning of at most `bytes_max` bytes that cuts no code point of valid UTF-8.
std::string_view utf8_prefix(std::string_view utf8, size_t bytes_max);

}  // namespace dormouse::nlu
