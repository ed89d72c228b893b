// From files of examples to a model file and a report on how good it is.
// Not a search for settings: it trains once on nine tenths to measure and to calibrate, once on all to write. Blocking,
// one thread; the same examples and options give the same bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "corpus.h"
#include "model.h"

namespace dormouse::entities {

struct TrainOptions {
  unsigned passes = 8;
  double rate = 0.06;
  uint32_t count_min = 0;   // features seen less often are left out; 0: 1, or 2 when there are very many
  double bytes_max = 20e6;  // of the model file
  bool skip_bad = false;    // examples with a line that is refused are left out and counted
};

struct Score {
  uint64_t right = 0, found = 0, wanted = 0;
  double precision() const { return found == 0 ? 0 : 100.0 * static_cast<double>(right) / static_cast<double>(found); }
  double recall() const { return wanted == 0 ? 0 : 100.0 * static_cast<double>(right) / static_cast<double>(wanted); }
  // Of exact spans with their types, micro-averaged, in percent.
  double f1() const {
    return found + wanted == 0 ? 0 : 200.0 * static_cast<double>(right) / static_cast<double>(found + wanted);
  }
};
struct TypeScore {
  std::string type;
  Score score;
};
// A span of type `wanted` answered as `found`; "" on either side: nothing there.
struct Confusion {
  std::string wanted, found;
  uint64_t count = 0;
};

struct Evaluation {
  uint64_t examples = 0;
  Score all;
  std::vector<TypeScore> types;       // as the model numbers them
  std::vector<Confusion> confusions;  // the most frequent first, at most 10
  double calibration_error = 0;       // mean |confidence - share that is right| over ten bins, weighted
};

struct TrainReport {
  uint64_t examples = 0, tokens = 0, spans = 0, types = 0, kinds = 0, features = 0, weights = 0, model_bytes = 0;
  uint64_t spans_widened = 0;  // begin or end inside a token, and are learnt as the whole token
  nlu::SkippedLines skipped;
  double seconds = 0;
  Evaluation dev;  // of a model that has not seen these examples
};

// on_progress(0 to 1, what is done now) is called a few times a second and may throw to stop.
// Throws Failure: as read_examples, DM_INVALID_ARGUMENT (too few or too many examples), as writing a file.
TrainReport train(const std::vector<std::string>& paths, const std::string& output, const TrainOptions& options,
                  const std::function<void(double, const char*)>& on_progress);
// The same from examples that are read already.
TrainReport train(std::vector<Example> examples, const std::string& output, const TrainOptions& options,
                  const std::function<void(double, const char*)>& on_progress);

// How good a model is on examples it may or may not have seen.
Evaluation evaluate(const Model& model, const std::vector<Example>& examples, const std::function<void()>& between);

}  // namespace dormouse::entities
