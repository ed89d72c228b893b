// A text as the exact recognisers read it: runs of letters, runs of ASCII digits, single signs, with where they stand.
// Not the model's view: tokens.h. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dormouse::entities {

enum class LexemeKind : uint8_t { letters, digits, sign };

struct Lexeme {
  uint32_t begin = 0, end = 0;  // bytes
  LexemeKind kind = LexemeKind::sign;
  bool spaced = false;  // white space stands before it, or nothing
};

// Borrows the text.
class Lexemes {
 public:
  explicit Lexemes(std::string_view text);

  std::string_view text() const { return text_; }
  size_t size() const { return all_.size(); }
  const Lexeme& operator[](size_t i) const { return all_[i]; }
  // Empty beyond the end, so that grammars need no look at the size.
  std::string_view word(size_t i) const { return i < words_.size() ? words_[i] : std::string_view(); }  // lower case
  bool is(size_t i, std::string_view lower) const { return i < words_.size() && words_[i] == lower; }
  bool is_digits(size_t i) const { return i < all_.size() && all_[i].kind == LexemeKind::digits; }
  bool is_letters(size_t i) const { return i < all_.size() && all_[i].kind == LexemeKind::letters; }
  bool touches(size_t i) const { return i < all_.size() && !all_[i].spaced; }  // the one before it

 private:
  std::string_view text_;
  std::string lower_;  // ASCII letters only; as many bytes as text_
  std::vector<Lexeme> all_;
  std::vector<std::string_view> words_;
};

}  // namespace dormouse::entities
