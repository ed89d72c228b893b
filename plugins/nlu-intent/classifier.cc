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
  Scratch scratch;
  return classify(text, alternatives, &scratch);
}

Decision Classifier::classify(std::string_view text, size_t alternatives, Scratch* scratch) const {
  model_.find_terms(text, &scratch->terms);
  scratch->scores.resize(model_.facts().columns());
  model_.score(scratch->terms.terms, scratch->scores);
  return decide(scratch, alternatives);
}

Decision Classifier::decide(Scratch* scratch, size_t alternatives) const {
  std::vector<float>& scores = scratch->scores;
  const Facts& facts = model_.facts();
  const Lead lead = lead_of(scores, facts.classes);
  Decision decision;
  // What is out of scope is known only to a model that has learnt it; older files have a threshold all the same.
  decision.out_of_scope =
      facts.has_scope != 0 && (scratch->terms.terms.empty() || lead.lead < facts.calibration.threshold);
  to_probabilities(scores, facts.calibration.temperature);
  decision.best = {model_.label(lead.best), scores[lead.best]};
  std::vector<uint32_t>& order = scratch->order;
  order.resize(facts.classes);
  std::iota(order.begin(), order.end(), 0);
  const size_t wanted = std::min({alternatives, kAlternativesMax, order.size() - 1});
  order.erase(order.begin() + static_cast<ptrdiff_t>(lead.best));
  const auto before = [&](uint32_t a, uint32_t b) { return scores[a] != scores[b] ? scores[a] > scores[b] : a < b; };
  std::partial_sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(wanted), order.end(), before);
  for (size_t i = 0; i < wanted; ++i) decision.alternatives[i] = {model_.label(order[i]), scores[order[i]]};
  decision.alternative_count = wanted;
  return decision;
}

}  // namespace dormouse::intent
