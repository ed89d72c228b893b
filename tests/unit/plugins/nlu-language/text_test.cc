#include <catch2/catch.hpp>

#include <memory>
#include <string>

#include "text.h"

namespace dormouse::language {

namespace {
std::u32string words_of(std::string_view utf8) {
  Words words;
  read_words(utf8, &words);
  return std::u32string(words.view());
}
std::string family_name(std::string_view utf8) {
  Words words;
  read_words(utf8, &words);
  return std::string(script_name(words.family));
}
}  // namespace

TEST_CASE("words are lower case with one boundary between them") {
  CHECK(words_of("The  DORMOUSE, (2) sleeps!") == U" the dormouse sleeps ");
}

TEST_CASE("a text without letters has no words and no script") {
  for (const char* text : {"", " ", "12345", "...!?", "😀😀", "\xCC\x81"}) {
    CHECK(words_of(text).empty());
    CHECK(family_name(text) == "Zyyy");
  }
}

TEST_CASE("apostrophes count inside words and not around them") {
  CHECK(words_of("'l'eau' d’été") == U" l'eau d'été ");
  CHECK(words_of("rock 'n' roll''s") == U" rock n roll s ");
}

TEST_CASE("letters with combining marks read like composed ones") {
  CHECK(words_of("e\xCC\x81te\xCC\x81") == U" été ");
}

TEST_CASE("addresses are left out") {
  CHECK(words_of("see https://example.org/eine/lange/Adresse or me@example.org now") == U" see or now ");
}

TEST_CASE("soft hyphens and direction marks do not split a word") {
  CHECK(words_of("dor\xC2\xADmouse \xE2\x80\x8Fsleeps") == U" dormouse sleeps ");
}

TEST_CASE("words in another script than the text's are left out") {
  CHECK(words_of("Компания Google купила YouTube") == U" компания купила ");
  CHECK(family_name("Компания Google") == "Cyrl");
  CHECK(words_of("東京タワーはCDです") == U" 東京タワーは です ");
  CHECK(family_name("東京タワー") == "Hani");
}

TEST_CASE("a long word is cut") {
  const std::u32string words = words_of(std::string(500, 'x'));
  CHECK(words.find(std::u32string(kWordLettersMax, U'x')) != std::u32string::npos);
  CHECK(words.find(std::u32string(kWordLettersMax + 1, U'x')) == std::u32string::npos);
}

TEST_CASE("a long text is read in four parts within the limit") {
  std::string text;
  for (const char* word : {"anfang ", "zwei ", "drei ", "ende "}) {
    for (int i = 0; i < 50'000; ++i) text += word;
  }
  Words words;
  read_words(text, &words);
  CHECK(words.size <= words.characters.size());
  CHECK(words.letters <= kTextLettersMax);
  CHECK(words.letters > kTextLettersMax / 2);
  CHECK(words.view().find(U" anfang ") != std::u32string_view::npos);
  CHECK(words.view().find(U" ende ") != std::u32string_view::npos);
}

TEST_CASE("a megabyte of anything keeps the limits") {
  for (const char* unit : {"a", "\xD0\xB6", "\xE8\xAA\x9E", "\xF0\x9E\xA4\x80", "\xFF", "\xCC\x81", "'", "a'", " "}) {
    std::string text;
    while (text.size() < 1'000'000) text += unit;
    Words words;
    read_words(text, &words);
    CHECK(words.size <= words.characters.size());
    CHECK(words.letters <= kTextLettersMax);
  }
}

TEST_CASE("a part cut inside a character loses that character only") {
  // Sizes that put the four cuts at every offset of a character of three bytes.
  for (size_t extra = 0; extra < 12; ++extra) {
    std::string text(extra, ' ');
    while (text.size() < 6000) text += "\xE8\xAA\x9E";
    Words words;
    read_words(text, &words);
    for (char32_t c : words.view()) CHECK((c == kBoundary || c == U'語'));
    CHECK(words.letters > 500);
  }
}

}  // namespace dormouse::language
