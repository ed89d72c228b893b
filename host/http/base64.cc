#include "http/base64.h"

#include <array>
#include <cstdint>

namespace dormouse {
namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr uint8_t kNone = 0xFF;
constexpr auto kValues = [] {
  std::array<uint8_t, 256> table{};
  table.fill(kNone);
  for (uint8_t i = 0; i < 64; ++i) table[static_cast<unsigned char>(kAlphabet[i])] = i;
  return table;
}();

}  // namespace

void append_base64(std::string& out, std::span<const unsigned char> bytes) {
  size_t to = out.size();
  out.resize(to + (bytes.size() + 2) / 3 * 4);
  size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const uint32_t group = (uint32_t{bytes[i]} << 16) | (uint32_t{bytes[i + 1]} << 8) | bytes[i + 2];
    for (const unsigned shift : {18, 12, 6, 0}) out[to++] = kAlphabet[(group >> shift) & 63];
  }
  const size_t rest = bytes.size() - i;
  if (rest == 0) return;
  const uint32_t group = (uint32_t{bytes[i]} << 16) | (rest == 2 ? uint32_t{bytes[i + 1]} << 8 : 0);
  out[to++] = kAlphabet[group >> 18];
  out[to++] = kAlphabet[(group >> 12) & 63];
  out[to++] = rest == 2 ? kAlphabet[(group >> 6) & 63] : '=';
  out[to] = '=';
}

std::optional<std::string> parse_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;

  std::string bytes(text.size() / 4 * 3, '\0');
  size_t to = 0;
  for (size_t i = 0; i < text.size(); i += 4) {
    const size_t given = i + 4 == text.size() ? 4 - padding : 4;
    uint32_t group = 0;
    for (size_t j = 0; j < 4; ++j) {
      const uint8_t value = j < given ? kValues[static_cast<unsigned char>(text[i + j])] : 0;
      if (value == kNone) return std::nullopt;
      group = (group << 6) | value;
    }
    // Bits under the padding must be zero, or two texts would stand for the same bytes.
    if ((group & ((uint32_t{1} << (8 * (4 - given))) - 1)) != 0) return std::nullopt;
    for (const unsigned shift : {16, 8, 0}) bytes[to++] = static_cast<char>(group >> shift);
  }
  bytes.resize(bytes.size() - padding);
  return bytes;
}

}  // namespace dormouse
