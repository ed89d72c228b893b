#include "classifier.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace dormouse::intent {

Lead lead_of(std::span<const float> scores, size_t classes) {
  const auto best = std::max_element(scores.begin(), scores.begin() + static_cast<ptrdiff_t>(classes));
  const float other = scores.size() > classes ? scores[classes] : 0;
  return {static_cast<size_t>(best - scores.begin()), *best - other};
}

void to_probabilities(std::span<float> scores, float temperature) {
  const float top = *std::max_element(scores.begin(), scores.end());
  float sum = 0;
  for (float& x : scores) sum += x = std::exp(temperature * (x - top));
  for (float& x : scores) x /= sum;
}

Decision Classifier::classify(std::string_view text, size_t alternatives) const {
  const std::vector<Term> terms = model_.terms_of(text);
  std::vector<float> scores(model_.facts().columns());
  model_.score(terms, scores);
  return decide(&scores, !terms.empty(), alternatives);
}

std::vector<Decision> Classifier::classify_all(std::span<const std::string_view> texts, size_t alternatives) const {
  std::vector<std::vector<Term>> terms;
  for (std::string_view text : texts) terms.push_back(model_.terms_of(text));
  std::vector<std::vector<float>> scores(texts.size());
  model_.score_all(terms, scores);
  std::vector<Decision> decisions;
  for (size_t i = 0; i < texts.size(); ++i) decisions.push_back(decide(&scores[i], !terms[i].empty(), alternatives));
  return decisions;
}

Decision Classifier::decide(std::vector<float>* scores, bool known, size_t alternatives) const {
  const Facts& facts = model_.facts();
  const Lead lead = lead_of(*scores, facts.classes);
  Decision decision;
  decision.out_of_scope = !known || lead.lead < facts.calibration.threshold;
  to_probabilities(*scores, facts.calibration.temperature);
  decision.best = {model_.label(lead.best), (*scores)[lead.best]};
  std::vector<uint32_t> order(facts.classes);
  std::iota(order.begin(), order.end(), 0);
  const size_t wanted = std::min({alternatives, kAlternativesMax, order.size() - 1});
  order.erase(order.begin() + static_cast<ptrdiff_t>(lead.best));
  const auto before = [&](uint32_t a, uint32_t b) {
    return (*scores)[a] != (*scores)[b] ? (*scores)[a] > (*scores)[b] : a < b;
  };
  std::partial_sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(wanted), order.end(), before);
  for (size_t i = 0; i < wanted; ++i) decision.alternatives[i] = {model_.label(order[i]), (*scores)[order[i]]};
  decision.alternative_count = wanted;
  return decision;
}

}  // namespace dormouse::intent
