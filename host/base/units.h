// Durations and sizes as people write them: "25ms", "1.5s", "2m", "1h"; "64KiB", "1.5GiB", "10MB", "512".
// One grammar for YAML, Lua and the command line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"

namespace dormouse {

// A number and one of ns us ms s m h, nothing between them. At most 365 days; never negative. What is finer
// than a nanosecond is dropped.
// Errors: invalid_argument with needed, found and remedy; the caller adds the object (the key).
Result<Duration> parse_duration(std::string_view text);
// A number and one of B KB MB GB KiB MiB GiB, or bytes without a unit. At most 2^63 - 1. Errors as above.
Result<uint64_t> parse_bytes(std::string_view text);

// Exact, in the largest unit that needs at most three decimals: "1.5s", "250ms", "2m". parse_duration gives it back.
std::string format_duration(Duration duration);
// For people, rounded to a tenth: "12.3 MiB", "512 B".
std::string format_bytes(uint64_t bytes);

}  // namespace dormouse
