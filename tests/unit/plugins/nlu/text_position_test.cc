#include "nlu/text_position.h"

#include <catch2/catch.hpp>

#include <string>

namespace dormouse::nlu {

TEST_CASE("code points come with the bytes they take") {
  const std::string text = "aé\xF0\x9F\x90\xAD";
  std::string shape;
  each_code_point(text, [&](CodePoint p) {
    shape +=
        std::to_string(static_cast<uint32_t>(p.c)) + "@" + std::to_string(p.begin) + "-" + std::to_string(p.end) + " ";
  });
  CHECK(shape == "97@0-1 233@1-3 128045@3-7 ");
}

TEST_CASE("damaged bytes are code points that move on") {
  size_t count = 0, covered = 0;
  each_code_point("\xFF\xC3", [&](CodePoint p) {
    CHECK(p.c == 0xFFFD);
    CHECK(p.begin == covered);
    covered = p.end;
    ++count;
  });
  CHECK(count == 2);
  CHECK(covered == 2);
}

TEST_CASE("offsets in bytes and in code points are each other's inverse") {
  const std::string text = "né à 東京 🐭!";
  const size_t count = code_point_count(text);
  CHECK(count == 10);
  for (size_t i = 0; i <= count; ++i) CHECK(code_point_offset(text, byte_offset(text, i)) == i);
  CHECK(byte_offset(text, 1000) == text.size());
}

TEST_CASE("a text is cut between code points") {
  CHECK(utf8_prefix("aé", 2) == "a");
  CHECK(utf8_prefix("aé", 3) == "aé");
  CHECK(utf8_prefix("é", 1).empty());
}

TEST_CASE("what is written as UTF-8 reads the same") {
  for (char32_t c : {U'a', U'é', U'東', U'🐭', char32_t{0x10FFFF}}) {
    std::string text;
    append_utf8(c, &text);
    each_code_point(text, [&](CodePoint p) { CHECK(p.c == c); });
    CHECK(code_point_count(text) == 1);
  }
  std::string surrogate;
  append_utf8(0xD800, &surrogate);
  CHECK(surrogate == "\xEF\xBF\xBD");
}

}  // namespace dormouse::nlu
