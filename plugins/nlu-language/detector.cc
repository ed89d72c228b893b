#include "detector.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "dormouse/plugin.hpp"

namespace dormouse::language {
namespace {

// Classes of one code (Chinese in two scripts) are one answer.
class Ranking {
 public:
  void add(const Class& c, double share) {
    for (size_t i = 0; i < size_; ++i) {
      if (guesses_[i].code != c.code_view()) continue;
      guesses_[i].confidence += share;
      if (share > largest_[i]) {
        largest_[i] = share;
        guesses_[i].script = c.script_view();
      }
      return;
    }
    largest_[size_] = share;
    guesses_[size_++] = {c.code_view(), c.script_view(), share};
  }

  // The `count` most probable, in order; ties by code.
  size_t sort(size_t count) {
    count = std::min(count, size_);
    const auto before = [](const Guess& a, const Guess& b) {
      return a.confidence != b.confidence ? a.confidence > b.confidence : a.code < b.code;
    };
    std::partial_sort(guesses_.begin(), guesses_.begin() + count, guesses_.begin() + size_, before);
    return count;
  }
  const Guess& operator[](size_t i) const { return guesses_[i]; }

 private:
  std::array<Guess, kFamilyClassesMax> guesses_;
  std::array<double, kFamilyClassesMax> largest_;
  size_t size_ = 0;
};

// Turns scores into shares of 1 over the allowed classes, in place. False when none is allowed.
bool to_shares(std::span<const Class> classes, float temperature, const std::vector<bool>& allowed, size_t first,
               Scores* scores) {
  float top = -std::numeric_limits<float>::infinity();
  for (size_t i = 0; i < classes.size(); ++i) {
    float& score = (*scores)[i];
    score = allowed[first + i] ? score * temperature + classes[i].bias + classes[i].log_prior
                               : -std::numeric_limits<float>::infinity();
    top = std::max(top, score);
  }
  if (!std::isfinite(top)) return false;
  float sum = 0;
  for (size_t i = 0; i < classes.size(); ++i) sum += (*scores)[i] = std::exp((*scores)[i] - top);
  for (size_t i = 0; i < classes.size(); ++i) (*scores)[i] /= sum;
  return true;
}

// One letter may stand in a text of any language (a formula, an initial): each letter more makes that four times rarer.
double trust_in(uint32_t letters) {
  return 1 - std::pow(0.25, std::min<uint32_t>(letters, 30));
}

}  // namespace

Detector::Detector(const Model& model, const std::vector<std::string>& codes, double min_confidence)
    : model_(model), allowed_(model.classes().size(), codes.empty()), min_confidence_(min_confidence) {
  for (const std::string& code : codes) {
    bool known = false;
    for (size_t i = 0; i < allowed_.size(); ++i) {
      if (model.classes()[i].code_view() == code) known = allowed_[i] = true;
    }
    if (!known) {
      throw Failure(DM_INVALID_ARGUMENT, "setting 'languages': the model has no language '" + code +
                                             "'; needed ISO 639-3 codes of languages it was trained on");
    }
  }
}

Detection Detector::detect(std::string_view utf8, size_t alternatives) const {
  Detection result;
  Words words;
  read_words(utf8, &words);
  if (words.letters == 0) return result;
  result.best.script = script_name(words.family);
  const FamilyRecord* family = model_.find_family(words.family);
  if (family == nullptr) return result;
  Scores scores;
  model_.score(*family, words.view(), &scores);
  const std::span<const Class> classes = model_.classes_of(*family);
  const float temperature = family->temperature[length_bin(words.letters)];
  if (!to_shares(classes, temperature, allowed_, family->first_class, &scores)) return result;

  const double trust = trust_in(words.letters);
  Ranking ranking;
  for (size_t i = 0; i < classes.size(); ++i) {
    if (allowed_[family->first_class + i]) ranking.add(classes[i], trust * scores[i]);
  }
  const size_t found = ranking.sort(std::min(alternatives, kAlternativesMax) + 1);
  const bool sure = ranking[0].confidence >= min_confidence_;
  if (sure) result.best = ranking[0];
  for (size_t i = sure ? 1 : 0; i < found && result.alternative_count < std::min(alternatives, kAlternativesMax); ++i) {
    result.alternatives[result.alternative_count++] = ranking[i];
  }
  return result;
}

}  // namespace dormouse::language
