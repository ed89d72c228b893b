// What the nlu plugins know about single characters: script, lower case, composition, from the Unicode Character
// Database. Not a Unicode library: letters and marks only, simple case folding only, canonical composition of pairs
// only. Pure functions over constant tables; callable from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dormouse::nlu {

// Index of an ISO 15924 script in the table below; 0 (Zyyy) is "common": marks and letters every script borrows.
using Script = uint8_t;
inline constexpr Script kCommon = 0;

// Set for what is neither letter nor mark: it separates words.
inline constexpr Script kNoLetter = 255;

// The scripts that code treats specially; characters.cc holds them against the table.
inline constexpr Script kLatin = 69, kHan = 47, kHiragana = 51, kKatakana = 59, kBopomofo = 14;

Script script_of(char32_t c);
std::string_view script_name(Script script);  // "Latn"; "Zyyy" beyond the table
// The script of that name, kNoLetter when there is none.
Script find_script(std::string_view name);
size_t script_count();

char32_t lower_case(char32_t c);

// The character that `base` followed by `mark` stands for (e + acute = é), 0 when there is none.
char32_t compose(char32_t base, char32_t mark);

// Reads one character at `*at` and moves on; never past `end`, at least one byte. Damaged UTF-8 gives U+FFFD.
char32_t next_character(const char** at, const char* end);

}  // namespace dormouse::nlu
