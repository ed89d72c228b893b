#include "lexer.h"

#include "nlu/unicode/characters.h"

namespace dormouse::entities {
namespace {

bool is_space(char32_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xA0 || (c >= 0x2000 && c <= 0x200F) || c == 0x202F ||
         c == 0x3000;
}

LexemeKind kind_of(char32_t c) {
  if (c >= '0' && c <= '9') return LexemeKind::digits;
  if (c < 0x80) {
    const char32_t lower = c | 0x20;
    return lower >= 'a' && lower <= 'z' ? LexemeKind::letters : LexemeKind::sign;
  }
  return nlu::script_of(c) == nlu::kNoLetter ? LexemeKind::sign : LexemeKind::letters;
}

}  // namespace

Lexemes::Lexemes(std::string_view text) : text_(text), lower_(text) {
  for (char& c : lower_) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  const char* at = text.data();
  const char* const end = at + text.size();
  bool spaced = true;
  while (at < end) {
    const auto begin = static_cast<uint32_t>(at - text.data());
    const char32_t c = nlu::next_character(&at, end);
    const auto stop = static_cast<uint32_t>(at - text.data());
    if (is_space(c)) {
      spaced = true;
      continue;
    }
    const LexemeKind kind = kind_of(c);
    if (!spaced && kind != LexemeKind::sign && !all_.empty() && all_.back().kind == kind) {
      all_.back().end = stop;
    } else {
      all_.push_back({begin, stop, kind, spaced});
    }
    spaced = false;
  }
  words_.reserve(all_.size());
  for (const Lexeme& l : all_) words_.push_back(std::string_view(lower_).substr(l.begin, l.end - l.begin));
}

}  // namespace dormouse::entities
