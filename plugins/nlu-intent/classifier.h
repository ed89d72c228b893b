// The answer for a text: the best intent with its probability, the runners-up, and whether the text is out of scope.
// Not the scores (model.h). Immutable; any thread.
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "model.h"

namespace dormouse::intent {

inline constexpr size_t kAlternativesMax = 10;

struct Guess {
  std::string_view name;  // of the model
  float confidence = 0;   // probability
};

struct Decision {
  Guess best;                                          // of all intents, also when the text is out of scope
  bool out_of_scope = false;                           // never true when the training had no text out of scope
  std::array<Guess, kAlternativesMax> alternatives{};  // most probable first
  size_t alternative_count = 0;
};

// Which column scores best among intents, and how far it is above the column for "out of scope" (above 0 where there is
// none).
struct Lead {
  size_t best = 0;
  float lead = 0;
};
Lead lead_of(std::span<const float> scores, size_t classes);

// Probabilities of all columns from their scores, in place.
void to_probabilities(std::span<float> scores, float temperature);

class Classifier {
 public:
  explicit Classifier(const Model& model) : model_(model) {}  // refers to it

  // Memory of a call, worth keeping from one text to the next.
  struct Scratch {
    TermSearch terms;
    std::vector<float> scores;
    std::vector<uint32_t> order;
  };

  Decision classify(std::string_view text, size_t alternatives) const;
  Decision classify(std::string_view text, size_t alternatives, Scratch* scratch) const;

 private:
  Decision decide(Scratch* scratch, size_t alternatives) const;
  const Model& model_;
};

}  // namespace dormouse::intent
