// The rows a training learns from: texts with their intents, which of them measure instead, and what is refused.
// Not the learning (trainer.h). Deterministic: which texts measure depends on the texts alone.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "nlu/lines.h"

namespace dormouse::intent {

inline constexpr size_t kLabelBytesMax = 200;
inline constexpr size_t kExamplesMax = 4'000'000;

struct Example {
  std::string text;
  uint32_t label = 0;  // index into Examples::labels; their number for a text out of scope
  bool measures = false;
  uint64_t hash = 0;
};

struct ExampleOptions {
  std::string scope_label = "oos";  // the intent of rows that are out of scope
  double dev_share = 0.1;           // of each intent's rows, where no row says `val`
  bool skip_bad = false;            // rows that are refused are left out and counted
};

struct Examples {
  std::vector<std::string> labels;  // in order
  std::vector<Example> rows;        // in the order of the files
  uint64_t out_of_scope = 0;        // of them
  bool split_given = false;         // a column `split` says which rows measure
  nlu::SkippedLines skipped;
};

// Reads the files: columns `text` and `intent`, perhaps `split` (train, val). Throws Failure: what read_rows throws,
// and DM_INVALID_ARGUMENT: another split, too long a label, fewer than two intents, an intent (or "out of scope")
// without a row to learn from.
Examples read_examples(const std::vector<std::string>& paths, const ExampleOptions& options,
                       const std::function<void(double)>& on_share);

}  // namespace dormouse::intent
