#include <catch2/catch.hpp>

#include <string>

#include "nlu/unicode/characters.h"

namespace dormouse::nlu {

namespace {
std::string script_at(char32_t c) {
  const Script script = script_of(c);
  return script == kNoLetter ? "none" : std::string(script_name(script));
}
}  // namespace

TEST_CASE("a letter knows its script") {
  CHECK(script_at(U'a') == "Latn");
  CHECK(script_at(U'Z') == "Latn");
  CHECK(script_at(U'ß') == "Latn");
  CHECK(script_at(U'я') == "Cyrl");
  CHECK(script_at(U'ω') == "Grek");
  CHECK(script_at(U'ע') == "Hebr");
  CHECK(script_at(U'ب') == "Arab");
  CHECK(script_at(U'ह') == "Deva");
  CHECK(script_at(U'ไ') == "Thai");
  CHECK(script_at(U'한') == "Hang");
  CHECK(script_at(U'語') == "Hani");
  CHECK(script_at(U'の') == "Hira");
  CHECK(script_at(U'カ') == "Kana");
  CHECK(script_at(0x1E900) == "Adlm");
  CHECK(script_at(0x2CEB0) == "Hani");  // the extension behind the basic plane
}

TEST_CASE("marks that every script borrows are common") {
  CHECK(script_at(0x301) == "Zyyy");
}

TEST_CASE("digits and punctuation and emoji are no letters") {
  for (char32_t c : U"0@[`{٣।、😀\u200B") {
    if (c != 0) CHECK(script_at(c) == "none");
  }
}

TEST_CASE("lower case is found in ranges that alternate and in ranges that do not") {
  CHECK(lower_case(U'A') == U'a');
  CHECK(lower_case(U'@') == U'@');
  CHECK(lower_case(U'Ž') == U'ž');
  CHECK(lower_case(U'ž') == U'ž');
  CHECK(lower_case(U'Ы') == U'ы');
  CHECK(lower_case(U'Σ') == U'σ');
  CHECK(lower_case(U'語') == U'語');
}

TEST_CASE("a letter and its mark compose to one character") {
  CHECK(compose(U'e', 0x301) == U'é');
  CHECK(compose(U'и', 0x306) == U'й');
  CHECK(compose(0x1112, 0x1161) == U'하');
  CHECK(compose(U'하', 0x11AB) == U'한');
  CHECK(compose(U'q', 0x301) == 0);
  CHECK(compose(0x1F600, 0x301) == 0);
}

TEST_CASE("damaged UTF-8 is read one byte at a time and never past the end") {
  const std::string text = "\xC3\xA9\xFF\xE2\x82\xF0\x9F\x98";
  const char* at = text.data();
  std::u32string read;
  while (at < text.data() + text.size()) read += next_character(&at, text.data() + text.size());
  CHECK(read.front() == U'é');
  CHECK(read.size() == 7);
  CHECK(read.find_first_not_of(U'\uFFFD', 1) == std::u32string::npos);
  CHECK(at == text.data() + text.size());
}

}  // namespace dormouse::nlu
