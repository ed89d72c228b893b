#include "http/json_text.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "http/base64.h"
#include "http/float16.h"

namespace dormouse {
namespace {

// How a byte below 0x80 goes into a string: 0 as it is, else the letter behind the backslash, `u` for \u00XX.
constexpr auto kEscape = [] {
  std::array<char, 256> table{};
  for (size_t c = 0; c < 0x20; ++c) table[c] = 'u';
  table['"'] = '"';
  table['\\'] = '\\';
  table['\b'] = 'b';
  table['\f'] = 'f';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\t'] = 't';
  return table;
}();

// The first byte from `at` on that needs an escape. Eight bytes at a time: most text needs none.
size_t plain_until(const char* text, size_t at, size_t size) {
  constexpr uint64_t kOnes = 0x0101010101010101u, kHighs = 0x8080808080808080u;
  while (at + 8 <= size) {
    uint64_t word;
    std::memcpy(&word, text + at, 8);
    const uint64_t quote = word ^ (kOnes * '"'), backslash = word ^ (kOnes * '\\');
    const uint64_t below_space = (word - kOnes * 0x20) & ~word;
    const uint64_t hits = (below_space | ((quote - kOnes) & ~quote) | ((backslash - kOnes) & ~backslash)) & kHighs;
    if (hits != 0) return at + static_cast<size_t>(std::countr_zero(hits)) / 8;
    at += 8;
  }
  while (at < size && kEscape[static_cast<unsigned char>(text[at])] == 0) ++at;
  return at;
}

void append_escape(std::string& out, char c) {
  const char letter = kEscape[static_cast<unsigned char>(c)];
  out += '\\';
  out += letter;
  if (letter != 'u') return;
  constexpr char kHex[] = "0123456789abcdef";
  out += "00";
  out += kHex[static_cast<unsigned char>(c) >> 4];
  out += kHex[c & 15];
}

// Text known to be UTF-8.
void append_valid(std::string& out, std::string_view text) {
  out += '"';
  size_t at = 0;
  for (;;) {
    const size_t end = plain_until(text.data(), at, text.size());
    out.append(text.data() + at, end - at);
    if (end == text.size()) break;
    append_escape(out, text[end]);
    at = end + 1;
  }
  out += '"';
}

bool is_utf8(std::string_view text) {
  return dm_utf8_valid(reinterpret_cast<const unsigned char*>(text.data()), text.size());
}

// Each byte that starts no valid sequence becomes U+FFFD.
std::string repaired(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    size_t length = 1;
    while (length <= 4 && at + length <= text.size() && !is_utf8(text.substr(at, length))) ++length;
    const bool valid = length <= 4 && at + length <= text.size();
    out += valid ? text.substr(at, length) : std::string_view("\xEF\xBF\xBD");
    at += valid ? length : 1;
  }
  return out;
}

template <class T>
void append_digits(std::string& out, T number) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, number);
  out.append(digits, end.ptr);
}

template <class T>
void append_float(std::string& out, T number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  // Without a point or exponent a reader would take it for an integer.
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, number);
  const std::string_view text(digits, static_cast<size_t>(end.ptr - digits));
  out += text;
  if (text.find_first_of(".e") == std::string_view::npos) out += ".0";
}

void append_element(std::string& out, const dm_tensor_view& tensor, size_t i) {
  switch (tensor.dtype) {
    case DM_F32:
      return append_float(out, static_cast<const float*>(tensor.data)[i]);
    case DM_F16:
      return append_float(out, float_of_half(static_cast<const uint16_t*>(tensor.data)[i]));
    case DM_I8:
      return append_digits(out, static_cast<const int8_t*>(tensor.data)[i]);
    default:
      return append_digits(out, static_cast<const int64_t*>(tensor.data)[i]);
  }
}

// Elements from `*next` on, as nested arrays from dimension `axis` inwards.
void append_axis(std::string& out, const dm_tensor_view& tensor, unsigned axis, size_t* next) {
  out += '[';
  for (int64_t i = 0; i < tensor.shape[axis]; ++i) {
    if (i > 0) out += ',';
    if (axis + 1 == tensor.rank) {
      append_element(out, tensor, (*next)++);
    } else {
      append_axis(out, tensor, axis + 1, next);
    }
  }
  out += ']';
}

void append_tensor(std::string& out, const dm_tensor_view& tensor) {
  // [1000000, 1000000, 0] is valid, has no element, and would be a terabyte of brackets.
  if (tensor.elements == 0) {
    out += "[]";
    return;
  }
  size_t next = 0;
  append_axis(out, tensor, 0, &next);
}

void append_map(std::string& out, dm_value map) {
  out += '{';
  dm_string_view key{};
  dm_value child{};
  for (uint32_t i = 0; dm_map_at(map, i, &key, &child); ++i) {
    if (i > 0) out += ',';
    append_valid(out, {key.data, key.size});
    out += ':';
    append_json(out, child);
  }
  out += '}';
}

void append_list(std::string& out, dm_value list) {
  out += '[';
  const uint32_t count = dm_count(list);
  for (uint32_t i = 0; i < count; ++i) {
    if (i > 0) out += ',';
    append_json(out, dm_list_at(list, i));
  }
  out += ']';
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  is_utf8(text) ? append_valid(out, text) : append_valid(out, repaired(text));
}

void append_json_number(std::string& out, double number) {
  append_float(out, number);
}

void append_json(std::string& out, dm_value value) {
  switch (dm_kind(value)) {
    case DM_BOOL:
      out += value.node->payload ? "true" : "false";
      return;
    case DM_INT:
      return append_digits(out, static_cast<int64_t>(value.node->payload));
    case DM_FLOAT:
      return append_float(out, std::bit_cast<double>(value.node->payload));
    case DM_STRING: {
      dm_string_view text{};
      dm_get_string(value, &text);
      return append_valid(out, {text.data, text.size});  // values are UTF-8 by their format
    }
    case DM_BYTES: {
      dm_bytes_view bytes{};
      dm_get_bytes(value, &bytes);
      out += R"({"$bytes":")";
      append_base64(out, {bytes.data, bytes.size});
      out += R"("})";
      return;
    }
    case DM_TENSOR: {
      dm_tensor_view tensor{};
      dm_get_tensor(value, &tensor);
      return append_tensor(out, tensor);
    }
    case DM_LIST:
      return append_list(out, value);
    case DM_MAP:
      return append_map(out, value);
    default:
      out += "null";
  }
}

void JsonText::separate() {
  if (out_.empty()) return;
  const char last = out_.back();
  if (last != '{' && last != '[' && last != ':') out_ += ',';
}

JsonText& JsonText::open(char bracket) {
  separate();
  out_ += bracket;
  return *this;
}

JsonText& JsonText::close(char bracket) {
  out_ += bracket;
  return *this;
}

JsonText& JsonText::word(std::string_view text) {
  separate();
  out_ += text;
  return *this;
}

JsonText& JsonText::key(std::string_view name) {
  separate();
  append_json_string(out_, name);
  out_ += ':';
  return *this;
}

JsonText& JsonText::value(std::string_view text) {
  separate();
  append_json_string(out_, text);
  return *this;
}

JsonText& JsonText::value(double number) {
  separate();
  append_json_number(out_, number);
  return *this;
}

JsonText& JsonText::value(dm_value value) {
  separate();
  append_json(out_, value);
  return *this;
}

JsonText& JsonText::null() {
  return word("null");
}

JsonText& JsonText::raw_members(std::string_view text) {
  out_ += text;
  return *this;
}

}  // namespace dormouse
