#include "nlu/text_features.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace dormouse::nlu {

namespace {

constexpr FeatureOptions kWordsOnly = {1, 1, 0, 0, 1, 0};

std::vector<uint64_t> hashes_of(std::string_view text, const FeatureOptions& options = {}) {
  std::vector<Feature> features;
  read_features(text, options, &features);
  std::vector<uint64_t> hashes;
  for (const Feature& feature : features) hashes.push_back(feature.hash);
  return hashes;
}

size_t word_count(std::string_view text) {
  return hashes_of(text, kWordsOnly).size();
}

}  // namespace

TEST_CASE("case and composition and punctuation change nothing") {
  CHECK(hashes_of("What's the weather, Zoë?") == hashes_of("what's  THE weather zoe\xCC\x88"));
  CHECK(hashes_of("don’t") == hashes_of("don't"));
  CHECK(hashes_of("wei\xC2\xADter") == hashes_of("weiter"));
}

TEST_CASE("digits of all scripts are one") {
  CHECK(hashes_of("٣") == hashes_of("3"));
  CHECK(hashes_of("３") == hashes_of("3"));
  CHECK(hashes_of("4") != hashes_of("3"));
}

TEST_CASE("words are what stands between spaces and punctuation") {
  CHECK(word_count("one two-three") == 3);
  CHECK(word_count("what's up") == 3);
  CHECK(word_count("'quoted' ''") == 1);
  CHECK(word_count("今日は雨") == 4);
  CHECK(word_count("👍 great") == 2);
  CHECK(word_count(" ?! ") == 0);
  CHECK(word_count("") == 0);
}

TEST_CASE("pairs of stems do not see the order of words") {
  constexpr FeatureOptions pairs = {1, 1, 0, 20, 4, 0};
  const auto of_view = [&](std::string_view text) {
    std::vector<Feature> features;
    read_features(text, pairs, &features);
    std::vector<uint64_t> hashes;
    for (const Feature& feature : features) {
      if (feature.view == kPairs) hashes.push_back(feature.hash);
    }
    std::sort(hashes.begin(), hashes.end());
    return hashes;
  };
  CHECK(of_view("book a flight") == of_view("flights a booking"));
  CHECK(of_view("book a flight").size() == 3);
}

TEST_CASE("damaged bytes and any text give bounded features") {
  for (const std::string& text : {std::string(1 << 20, 'a'), std::string(1 << 20, '\xFF'), std::string(1 << 20, ' '),
                                  std::string("\xF0\x9F"), std::string(1 << 19, '\'')}) {
    CHECK(hashes_of(text).size() <= 8 * kTextBytesMax + 8);
  }
  std::string letters;
  for (int i = 0; i < 100'000; ++i) letters += "a ";
  CHECK(hashes_of(letters).size() <= 30 * kTextBytesMax);
  std::string marks = "e";
  for (int i = 0; i < 100'000; ++i) marks += "\xCC\x81";
  CHECK(hashes_of(marks).size() <= 8 * kTextBytesMax);
  CHECK_FALSE(hashes_of("שלום עולם").empty());
}

TEST_CASE("of a long text beginning and end are read") {
  const std::string middle(1 << 20, ' ');
  CHECK(hashes_of("first" + middle + "last", kWordsOnly) == hashes_of("first last", kWordsOnly));
}

TEST_CASE("a view counts the same however many features it has") {
  std::vector<Found> found = {{3, kWords}, {1, kLetters}, {3, kWords}, {2, kLetters}, {0, kPairs}};
  std::vector<Term> terms;
  make_terms(
      &found, [](uint32_t row) { return 1.0f + static_cast<float>(row); }, &terms);
  REQUIRE(terms.size() == 4);
  CHECK(terms[0].value == Approx(1));
  CHECK(terms[1].value * terms[1].value + terms[2].value * terms[2].value == Approx(1));
  CHECK(terms[2].value / terms[1].value == Approx(1.5));
  CHECK(terms[3].row == 3);
  CHECK(terms[3].value == Approx(1));
}

}  // namespace dormouse::nlu
