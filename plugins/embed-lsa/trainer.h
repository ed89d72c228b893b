// Learns an embedder from texts: TF-IDF of hashed n-grams, then the directions in which the texts differ most.
// Offline and blocking, one thread; the same rows and options give the same bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "model.h"
#include "nlu/lines.h"

namespace dormouse::lsa {

inline constexpr size_t kTextsMax = 2'000'000;
inline constexpr uint32_t kFeaturesMax = 500'000;

struct TrainOptions {
  nlu::FeatureOptions features = {1, 4, 5, 0, 1, 0};  // single words, 4 and 5 letters inside them, no pairs
  double letters_weight = 0.3;                        // of the n-grams of letters, where those of words have 1
  double idf_power = 2;            // a rare n-gram counts (1 + ln of the share of texts without it) to this power
  double flatten = 0.5;            // a direction counts its singular value to the power 1 - this
  uint32_t dimension = 256;        // of the vectors
  uint32_t rows_min = 2;           // texts that an n-gram must stand in
  uint32_t features_max = 60'000;  // n-grams kept, those of most texts first
  uint32_t iterations = 3;         // of the subspace
  nlu::Precision precision = nlu::Precision::int8;
  double dev_share = 0.1;  // of the rows that measure, where none says `val`
  bool skip_bad = false;   // rows that are refused are left out and counted
  bool learn_dev = true;   // the model that is written also learns the rows that measured
};

struct TrainReport {
  uint64_t texts = 0, dev_texts = 0;
  nlu::SkippedLines skipped;
  uint64_t ngrams = 0, ngrams_left_out = 0;
  uint32_t dimension = 0;
  uint64_t model_bytes = 0;
  double seconds = 0;
  // The share of a text's TF-IDF that its vector keeps (squared lengths), and the cosine between the vector of the
  // model as written and that in float32: means over texts that were not learnt from.
  double dev_kept = 0, dev_cosine = 1;
};

using TrainProgress = std::function<void(double done, const char* what)>;

// Reads columns `text`, and perhaps `title` and `split` (train, val); others are ignored. Writes the model to `output`.
// Throws Failure: what read_rows throws with FILE:LINE, DM_INVALID_ARGUMENT (too few texts), DM_UNAVAILABLE,
// DM_RESOURCE_EXHAUSTED; and what `progress` throws to stop.
TrainReport train(const std::vector<std::string>& paths, const std::string& output, const TrainOptions& options,
                  const TrainProgress& progress);

}  // namespace dormouse::lsa
