// What the scanners of recognisers.h share: a text with its locale, the words between two ends of a range, and where a
// phrase stops. Not for other files. Pure; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "lexer.h"
#include "recognisers.h"
#include "text_locale.h"

namespace dormouse::entities {

struct Reading {
  const Lexemes& lexemes;
  Locale locale;
  Date now;
};

template <size_t N>
bool is_one_of(std::string_view word, const std::string_view (&words)[N]) {
  for (const std::string_view each : words) {
    if (each == word) return true;
  }
  return false;
}

// The lexeme before i; empty at the beginning.
inline std::string_view before(const Lexemes& l, size_t i) {
  return i == 0 ? std::string_view() : l.word(i - 1);
}

// - and its kin.
bool is_dash(const Lexemes& l, size_t i);

// Whether a phrase ends before lexeme i: the text does, a sign stands there, or a word that begins another phrase.
bool stops(const Lexemes& l, size_t i);

// "3 to 5", "3-5", "between 3 and 5", "3 or 5": where the second end begins when the first one, which began at `first`,
// ends before lexeme `last`. 0: this is no range.
size_t second_end(const Lexemes& l, size_t first, size_t last);

// A number: digits and signs ("1,299.50"), or English words ("a hundred and twenty"). std::monostate where it has two
// readings in this locale. All of a number is read or nothing.
struct Amount {
  size_t last = 0;
  ExactValue value;
  bool in_words = false;
  bool foreign_sign = false;  // its decimal sign is not that of the locale: "12,5" in English
};
std::optional<Amount> read_amount(const Reading& r, size_t i);        // with a minus, a scale, a half
std::optional<Amount> read_numeral(const Reading& r, size_t i);       // digits and signs only, without a minus
std::optional<Amount> read_number_words(const Lexemes& l, size_t i);  // words only, without a minus
bool is_number_word(std::string_view word);
// Where the number words that begin at i end, whatever they mean; i when there are none.
size_t number_words_end(const Lexemes& l, size_t i);
ExactValue scaled(const ExactValue& value, double factor);
// Nothing for std::monostate.
std::optional<double> as_double(const ExactValue& value);
std::optional<int64_t> as_whole(const ExactValue& value);

// A unit of time at lexeme i: 'S', 'M', 'H' of the clock, 'D', 'W', 'm' (months), 'Y'; fortnights are 2 'W'.
struct TimeUnit {
  char letter = 'S';
  int64_t size = 1;
};
std::optional<TimeUnit> time_unit_at(const Lexemes& l, size_t i);

// Lexemes of digits that are joined; what is longer is no number anyway.
inline constexpr size_t kClusterMax = 64;

// Digits joined by . , ' : / and dashes without a space are one thing: read as a whole or not at all. Where the one
// around lexeme i ends, which is i + 1 for digits that stand alone.
size_t numeral_cluster_end(const Lexemes& l, size_t i);
// Whether lexemes i - 1 and i are inside one.
bool cuts_numeral(const Lexemes& l, size_t i);

}  // namespace dormouse::entities
