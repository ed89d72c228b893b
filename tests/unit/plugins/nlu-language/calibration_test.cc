#include <catch2/catch.hpp>

#include "calibration.h"

namespace dormouse::language {

namespace {
// A text of `letters` letters whose right class is `cls`, with scores of two classes.
ScoredText scored(uint8_t cls, uint32_t letters, float first, float second) {
  ScoredText text;
  text.cls = cls;
  text.letters = letters;
  text.places = letters + 1;
  text.scores = {first, second};
  return text;
}
const auto kGoOn = [] {};
}  // namespace

TEST_CASE("a class that scores low on its own texts is lifted") {
  std::vector<ScoredText> texts;
  for (int i = 0; i < 500; ++i) {
    texts.push_back(scored(0, 20, -50, -60));
    texts.push_back(scored(1, 20, -50, -52));  // the right one, yet below
  }
  const Calibration c = calibrate(texts, 2, kGoOn);
  const double t = c.temperature[length_bin(20)];
  const double lift = t * 21 * (c.per_place[1] - c.per_place[0]) + c.bias[1] - c.bias[0];
  CHECK(lift > 2 * t);
  CHECK(lift < 10 * t);
}

TEST_CASE("scores that are too sure of themselves are cooled") {
  std::vector<ScoredText> texts;
  for (int i = 0; i < 900; ++i) {  // a third is wrong, though the scores say e^8 to one
    texts.push_back(scored(i % 3 == 0 ? 1 : 0, 20, 0, -8));
    texts.push_back(scored(i % 3 == 0 ? 0 : 1, 20, -8, 0));
  }
  CHECK(calibrate(texts, 2, kGoOn).temperature[length_bin(20)] < 0.3);
}

TEST_CASE("the same texts give the same numbers") {
  std::vector<ScoredText> texts;
  for (int i = 0; i < 100; ++i) texts.push_back(scored(i % 2, 5 + i % 30, -i % 7, -i % 5));
  const Calibration a = calibrate(texts, 2, kGoOn), b = calibrate(texts, 2, kGoOn);
  CHECK(a.per_place == b.per_place);
  CHECK(a.bias == b.bias);
  CHECK(a.temperature == b.temperature);
}

TEST_CASE("without texts nothing is learnt") {
  const Calibration c = calibrate({}, 2, kGoOn);
  CHECK(c.per_place == std::vector<float>{0, 0});
  CHECK(c.temperature[0] > 0);
}

}  // namespace dormouse::language
