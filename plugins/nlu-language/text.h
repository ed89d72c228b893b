// The words of a text as the model sees them: lower case, composed, one script family, a bounded number of characters.
// Not a tokenizer for other uses: it drops digits, punctuation, addresses, and words in other scripts than the text's.
// Pure; a Words object is scratch memory of one call and fits on a stack.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "nlu/unicode/characters.h"

namespace dormouse::language {

using namespace nlu;  // files and characters, as all nlu plugins know them

// Stands before the first and after the last letter of each word.
inline constexpr char32_t kBoundary = U' ';

// Characters kept of one text. 600 letters are a hundred words: accuracy has long stopped growing there, and the time
// of a call stays bounded whatever arrives.
inline constexpr size_t kTextLettersMax = 600;

// Bytes looked at: longer texts are read in four windows of a quarter of this, spread evenly from start to end.
inline constexpr size_t kTextBytesMax = 2048;

// A word is cut here; what is longer is no word of any language written with spaces, and scripts without spaces lose
// one n-gram context at the cut.
inline constexpr size_t kWordLettersMax = 48;

// Scripts that are written mixed in one language count as one: Han, Hiragana, Katakana and Bopomofo are Hani.
Script family_of(Script script);

struct Words {
  // Every word with kBoundary before and behind it, neighbours sharing theirs: " the dormouse ". Empty when no word is
  // left.
  std::array<char32_t, 2 * kTextLettersMax + 2> characters;
  size_t size = 0;
  Script family = kCommon;  // of the words kept; kCommon when the text has no letter of any script
  uint32_t letters = 0;     // without boundaries

  // The characters of the whole words, boundaries included.
  std::u32string_view view() const { return {characters.data(), size}; }
};

// Fills `words` from UTF-8; damaged sequences separate words. Time is bounded by kTextBytesMax.
void read_words(std::string_view utf8, Words* words);

}  // namespace dormouse::language
