#include "nlu/text_position.h"

#include <algorithm>

namespace dormouse::nlu {
namespace {

bool begins_code_point(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}

}  // namespace

void append_utf8(char32_t c, std::string* out) {
  if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) c = 0xFFFD;
  const auto tail = [&](int shift) { out->push_back(static_cast<char>(0x80 | ((c >> shift) & 0x3F))); };
  if (c < 0x80) {
    out->push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    out->push_back(static_cast<char>(0xC0 | (c >> 6)));
    tail(0);
  } else if (c < 0x10000) {
    out->push_back(static_cast<char>(0xE0 | (c >> 12)));
    tail(6), tail(0);
  } else {
    out->push_back(static_cast<char>(0xF0 | (c >> 18)));
    tail(12), tail(6), tail(0);
  }
}

size_t code_point_count(std::string_view utf8) {
  return static_cast<size_t>(std::count_if(utf8.begin(), utf8.end(), begins_code_point));
}

size_t byte_offset(std::string_view utf8, size_t index) {
  for (size_t i = 0; i < utf8.size(); ++i) {
    if (begins_code_point(utf8[i]) && index-- == 0) return i;
  }
  return utf8.size();
}

size_t code_point_offset(std::string_view utf8, size_t offset) {
  return code_point_count(utf8.substr(0, offset));
}

std::string_view utf8_prefix(std::string_view utf8, size_t bytes_max) {
  if (utf8.size() <= bytes_max) return utf8;
  while (bytes_max > 0 && !begins_code_point(utf8[bytes_max])) --bytes_max;
  return utf8.substr(0, bytes_max);
}

}  // namespace dormouse::nlu
