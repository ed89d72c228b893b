#include "calibration.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <random>

namespace dormouse::intent {

namespace {

// Texts of two classes whose scores are the true odds divided by `factor`, and `outside` texts below all of them.
std::vector<ScoredText> texts_of(double factor, size_t outside) {
  std::mt19937_64 random(7);
  std::vector<ScoredText> texts;
  for (size_t i = 0; i < 4000; ++i) {
    const double p = 0.5 + 0.5 * static_cast<double>(i % 100) / 100;
    const bool hit = static_cast<double>(random() % 10'000) < p * 10'000;
    const auto score = static_cast<float>(std::log(p / (1 - p)) / factor);
    texts.push_back({hit ? 0u : 1u, random(), {score, 0}});
  }
  for (size_t i = 0; i < outside; ++i) texts.push_back({2, random(), {-1, -1}});
  return texts;
}

}  // namespace

TEST_CASE("the temperature makes confidence what it says") {
  for (double factor : {0.5, 1.0, 10.0}) {
    const std::vector<ScoredText> texts = texts_of(factor, 0);
    const Calibration calibration = calibrate(texts, 2, 0.05);
    INFO(factor);
    CHECK(calibration.temperature == Approx(factor).epsilon(0.1));
    CHECK(measure(texts, 2, calibration).ece < 0.03);
    CHECK(measure(texts, 2, {static_cast<float>(5 * factor), 0}).ece > 0.05);
  }
}

TEST_CASE("the threshold finds what is out of scope and rejects no more than asked") {
  const std::vector<ScoredText> texts = texts_of(1, 100);
  const Measured measured = measure_across(texts, 2, 0.05);
  CHECK(measured.scope_recall == 1);
  CHECK(measured.scope_rejected <= 0.05);
  CHECK(measured.out_of_scope == 100);
  CHECK(measured.in_scope == 4000);
}

TEST_CASE("without texts out of scope nothing is rejected") {
  std::vector<ScoredText> texts;
  for (uint32_t i = 0; i < 1000; ++i) texts.push_back({0, i, {static_cast<float>(i), 0}});
  CHECK(measure(texts, 2, calibrate(texts, 2, 0.05)).scope_rejected == 0);
  CHECK(calibrate(texts, 2, 0.05).threshold == Calibration().threshold);
}

TEST_CASE("a handful of texts leaves the defaults") {
  const std::vector<ScoredText> texts = {{0, 1, {1, 0}}, {1, 2, {0, 1}}};
  const Calibration calibration = calibrate(texts, 2, 0.05);
  CHECK(calibration.temperature == Calibration().temperature);
  CHECK(calibration.threshold == Calibration().threshold);
  CHECK(measure({}, 2, calibration).accuracy == 0);
}

}  // namespace dormouse::intent
