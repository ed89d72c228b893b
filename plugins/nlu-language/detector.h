// Decides: the language of a text with a probability, and the runners-up.
// Owns nothing but a reference to the model; const, no allocation, time bounded by text.h's limits; any thread.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "model.h"

namespace dormouse::language {

inline constexpr size_t kAlternativesMax = 10;

struct Guess {
  std::string_view code = "und";     // ISO 639-3
  std::string_view script = "Zyyy";  // ISO 15924
  double confidence = 0;
};

struct Detection {
  Guess best;
  std::array<Guess, kAlternativesMax> alternatives;
  size_t alternative_count = 0;
};

class Detector {
 public:
  // `codes`: the languages that may be answered; empty: all. `model` outlives this.
  // Throws Failure DM_INVALID_ARGUMENT, naming codes that the model does not have.
  Detector(const Model& model, const std::vector<std::string>& codes, double min_confidence);

  // "und" when the text has no letters, only letters of scripts the model does not know, or nothing reaches
  // min_confidence; then the alternatives begin with the best guess.
  Detection detect(std::string_view utf8, size_t alternatives) const;

 private:
  const Model& model_;
  std::vector<bool> allowed_;  // by class
  double min_confidence_;
};

}  // namespace dormouse::language
