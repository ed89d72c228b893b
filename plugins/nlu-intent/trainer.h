// Trains a model: rows in, a checked model file out, with a report measured on rows it did not learn from.
// Offline and blocking, one thread; the same rows and options give the same bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "calibration.h"
#include "examples.h"
#include "model.h"
#include "solver.h"

namespace dormouse::intent {

// Rows to learn from for each intent, on average, up to which every n-gram counts: README.md has the figures.
inline constexpr uint64_t kFewExamples = 50;

struct TrainOptions {
  ExampleOptions examples;
  FeatureOptions features;
  SolverOptions solver;
  Precision precision = Precision::int8;
  uint32_t rows_min = 0;        // texts that an n-gram must stand in; 0: 1 for few examples (kFewExamples), else 2
  double rejection_max = 0.05;  // share of texts in scope that may be called out of scope; without any outside, none
  double idf_power = 1;         // a rare n-gram counts (1 + ln of the share of texts without it) to this power
  double bytes_max = 20e6;      // of the model file: the n-grams that matter least are left out
  bool learn_dev = true;        // the model that is written also learns the rows that measured
};

struct Confusion {
  std::string intent, taken_for;
  uint64_t texts = 0;
};

struct TrainReport {
  uint64_t rows = 0, intents = 0, out_of_scope_rows = 0, dev_rows = 0;
  nlu::SkippedLines skipped;
  uint32_t rows_min = 0;  // as it was given, or as the size of the data made it
  uint64_t ngrams = 0, ngrams_left_out = 0;
  uint64_t model_bytes = 0;
  double seconds = 0;
  // On rows that were not learnt from, by the model in the precision asked for; the numbers of the calibration come
  // from the other half of these rows.
  Measured dev;
  double float32_accuracy = 0;  // the same in float32, with all n-grams
  Calibration calibration;
  std::vector<Confusion> confused;  // most frequent first
};

// Between 0 and 1, with what is being done. May throw to stop.
using TrainProgress = std::function<void(double, const char*)>;

// Throws Failure: what read_examples throws, and DM_INVALID_ARGUMENT (texts without a letter).
TrainReport train(const std::vector<std::string>& paths, const std::string& output, const TrainOptions& options,
                  const TrainProgress& progress);

}  // namespace dormouse::intent
