// Trains a model: rows in, a checked model file out, with a report measured on rows it did not learn from.
// Offline and blocking, one thread; the same rows and options give the same bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "estimate.h"
#include "nlu/lines.h"

namespace dormouse::language {

struct TrainOptions {
  EstimateOptions estimate;
  double bytes_max = 20e6;  // of the model file: the n-grams that matter least are left out
  bool skip_bad = false;    // rows that are refused are left out and counted
};

// Right answers in per cent over held-out texts of one length, averaged over languages.
struct Accuracy {
  double words = 0, pairs = 0, sentences = 0;
};

struct TrainReport {
  uint64_t languages = 0;  // ISO 639-3 codes
  uint64_t classes = 0;    // languages times their scripts
  uint64_t rows = 0;
  uint64_t rows_dropped = 0;  // without a letter, or in a script that is not their language's
  uint64_t held_out_rows = 0;
  nlu::SkippedLines skipped;
  double seconds = 0;
  uint64_t model_bytes = 0;
  uint64_t ngrams = 0, weights = 0;
  Accuracy held_out;             // the quantised, pruned model as it was before it also learnt the held-out rows
  double quantisation_loss = 0;  // points of accuracy that weights of one byte cost, on a sample of these texts
};

// Between 0 and 1, with what is being done. May throw to stop.
using TrainProgress = std::function<void(double, const char*)>;

// Throws Failure: what read_rows throws, and DM_INVALID_ARGUMENT (one language only, no usable rows).
TrainReport train(const std::vector<std::string>& paths, const std::string& output, const TrainOptions& options,
                  const TrainProgress& progress);

}  // namespace dormouse::language
