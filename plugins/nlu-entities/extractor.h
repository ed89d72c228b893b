// All entities of a text: the gazetteer's, the learned ones and the exact ones, with their overlaps resolved.
//
// The rule: the gazetteer wins over the model, the model over the exact recognisers; what overlaps a winner is dropped.
// A type the model has learnt is the model's to find: exact spans of a type of the same name only lend their value.
// A learned span that covers exactly one exact span, but for words like "at" and "on" around it, takes over its value.
//
// Immutable; any thread. Time and memory are bounded whatever the text is.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gazetteer.h"
#include "model.h"
#include "recognisers.h"

namespace dormouse::entities {

// Of a longer text the rest is not read.
inline constexpr size_t kTextBytesMax = size_t{1} << 18;

struct Entity {
  std::string_view type;       // lives as long as the Extractor
  size_t begin = 0, end = 0;   // bytes
  size_t start = 0, stop = 0;  // code points
  double confidence = 0;
  std::optional<ExactValue> value;
};

struct Question {
  std::string_view text;              // valid UTF-8
  std::vector<std::string> types;     // wanted; empty: all
  std::vector<std::string> expected;  // likely; as in the training data
  Date now;
  Locale locale;  // of the text
};

class Extractor {
 public:
  // exact_kinds: bits 1 << Exact. Learned spans below min_confidence are dropped.
  Extractor(std::optional<Model> model, Gazetteer gazetteer, uint32_t exact_kinds, double min_confidence);

  bool has_model() const { return model_.has_value(); }
  // In order, none overlapping. `between` is called now and then in a long text and may throw to stop.
  std::vector<Entity> extract(const Question& question, const std::function<void()>& between) const;

 private:
  std::optional<Model> model_;
  Gazetteer gazetteer_;
  uint32_t exact_kinds_;
  uint32_t learned_kinds_ = 0;  // exact kinds whose name the model has learnt
  double min_confidence_;
};

}  // namespace dormouse::entities
