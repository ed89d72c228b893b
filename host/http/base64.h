// Base64 (RFC 4648, section 4), for bytes in JSON. Strict: padding is needed, nothing else is allowed between.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace dormouse {

void append_base64(std::string& out, std::span<const unsigned char> bytes);
// The bytes, or nothing when `text` is not canonical base64.
std::optional<std::string> parse_base64(std::string_view text);

}  // namespace dormouse
