// CLD2 behind the words of this project: ISO 639-3 codes, scripts, and a number between 0 and 1.
// Any thread; CLD2 keeps no state between calls.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace dormouse::cld2 {

// CLD2 reads all it is given; beyond this its answer no longer changes, and a call stays within 100 microseconds or so.
inline constexpr size_t kTextBytesMax = 4096;

struct Guess {
  std::string_view code = "und";
  std::string_view script = "Zyyy";
  double confidence = 0;
};

// Most probable first; `size` is 0 when CLD2 does not know.
struct Guesses {
  std::array<Guess, 3> guess;
  size_t size = 0;
};

// `utf8` is valid UTF-8.
Guesses detect(std::string_view utf8);

// ISO 639-3 for a code of CLD2's ("iw", "zh-Hant", "sr-ME"), "" for what is no language.
std::string_view iso_639_3(std::string_view cld2_code);

}  // namespace dormouse::cld2
