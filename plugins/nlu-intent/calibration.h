// From scores to probabilities and to "out of scope": two numbers, fitted on texts that were not learnt from.
// Pure; deterministic.
#pragma once

#include <cstdint>
#include <vector>

#include "model.h"

namespace dormouse::intent {

// A text that was not learnt from, scored.
struct ScoredText {
  uint32_t right = 0;  // the right class; the number of classes for a text out of scope
  uint64_t hash = 0;   // of the text: decides by which half it is measured
  std::vector<float> scores;
};

// What the fitted numbers are worth. Shares of 1.
struct Measured {
  double accuracy = 0;        // of the best intent, over texts in scope, also those that are rejected
  double accepted = 0;        // texts in scope whose best intent is right and that are not rejected
  double ece = 0;             // expected calibration error in 15 bins, over texts in scope
  double scope_recall = 0;    // texts out of scope that are called so
  double scope_rejected = 0;  // texts in scope that are called out of scope
  uint64_t in_scope = 0, out_of_scope = 0;
};

// Fits both numbers. The threshold is that which gains most of the texts out of scope for fewest others, of which at
// most the share `rejection_max` may be lost. Without texts out of scope it stays at the default, which calls nothing
// out of scope; with few texts both defaults stay.
Calibration calibrate(const std::vector<ScoredText>& texts, size_t classes, double rejection_max);

Measured measure(const std::vector<ScoredText>& texts, size_t classes, const Calibration& calibration);

// Measures each half of the texts with numbers fitted on the other.
Measured measure_across(const std::vector<ScoredText>& texts, size_t classes, double rejection_max);

}  // namespace dormouse::intent
