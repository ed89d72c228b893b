// From scores to probabilities: what is learnt from held-out texts once the n-gram weights stand. Few numbers: for each
// class a term per place and a term per text (a language with little training text scores low on all new text, its own
// included), for each length of text a temperature (n-grams overlap, so their sum is too sure of itself).
// Pure; deterministic.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "model.h"

namespace dormouse::language {

// A held-out text with its scores by the uncalibrated model.
struct ScoredText {
  uint8_t cls = 0;       // the right one
  uint32_t letters = 0;  // of the text
  uint32_t places = 0;
  std::vector<float> scores;  // one per class of the family
};

struct Calibration {
  std::vector<float> per_place, bias;  // one per class
  std::array<float, kLengthBins> temperature{};
};

// `on_round` is called between rounds and may throw to stop.
Calibration calibrate(const std::vector<ScoredText>& texts, size_t class_count, const std::function<void()>& on_round);

}  // namespace dormouse::language
