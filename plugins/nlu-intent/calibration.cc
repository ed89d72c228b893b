#include "calibration.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "classifier.h"

namespace dormouse::intent {
namespace {

// Fewer texts in scope say nothing about a share of them.
constexpr size_t kTextsMin = 20;

// Mean negative logarithm of the right class's probability, over texts in scope.
double surprise(const std::vector<ScoredText>& texts, size_t classes, double temperature) {
  double sum = 0;
  size_t count = 0;
  for (const ScoredText& text : texts) {
    if (text.right >= classes) continue;
    const double top = *std::max_element(text.scores.begin(), text.scores.end());
    double total = 0;
    for (float x : text.scores) total += std::exp(temperature * (x - top));
    sum += std::log(total) - temperature * (text.scores[text.right] - top);
    ++count;
  }
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

// The golden section finds the one minimum of a convex function; over the logarithm, because factors matter.
double fit_temperature(const std::vector<ScoredText>& texts, size_t classes) {
  constexpr double kGolden = 0.6180339887498949;
  double low = std::log(0.05), high = std::log(200.0);
  for (int i = 0; i < 24; ++i) {
    const double a = high - kGolden * (high - low), b = low + kGolden * (high - low);
    const bool lower_at_a = surprise(texts, classes, std::exp(a)) < surprise(texts, classes, std::exp(b));
    (lower_at_a ? high : low) = lower_at_a ? b : a;
  }
  return std::exp((low + high) / 2);
}

float fit_threshold(const std::vector<ScoredText>& texts, size_t classes, double rejection_max) {
  std::vector<float> inside, outside;
  for (const ScoredText& text : texts) {
    (text.right < classes ? inside : outside).push_back(lead_of(text.scores, classes).lead);
  }
  std::sort(inside.begin(), inside.end());
  std::sort(outside.begin(), outside.end());
  const auto may_lose = static_cast<size_t>(rejection_max * static_cast<double>(inside.size()));
  if (inside.size() < kTextsMin || may_lose >= inside.size() || outside.empty()) return Calibration().threshold;
  float best = inside[0];
  double most = -1;
  for (size_t lost = 0; lost <= may_lose; ++lost) {
    const auto found = std::lower_bound(outside.begin(), outside.end(), inside[lost]) - outside.begin();
    const double gain = static_cast<double>(found) / static_cast<double>(outside.size()) -
                        static_cast<double>(lost) / static_cast<double>(inside.size());
    if (gain > most) {
      most = gain;
      best = inside[lost];
    }
  }
  return best;
}

}  // namespace

Calibration calibrate(const std::vector<ScoredText>& texts, size_t classes, double rejection_max) {
  Calibration calibration;
  const auto in_scope =
      std::count_if(texts.begin(), texts.end(), [&](const ScoredText& t) { return t.right < classes; });
  if (static_cast<size_t>(in_scope) >= kTextsMin) {
    calibration.temperature = static_cast<float>(fit_temperature(texts, classes));
  }
  calibration.threshold = fit_threshold(texts, classes, rejection_max);
  return calibration;
}

namespace {

// Sums that become shares at the end, so that halves can be added.
struct Sums {
  static constexpr size_t kBins = 15;
  struct Bin {
    double confidence = 0, right = 0;
  };
  std::array<Bin, kBins> bins{};
  uint64_t in_scope = 0, right = 0, accepted = 0, rejected = 0, out_of_scope = 0, found = 0;

  void add(const ScoredText& text, size_t classes, const Calibration& calibration) {
    const Lead lead = lead_of(text.scores, classes);
    const bool rejected_now = lead.lead < calibration.threshold;
    if (text.right >= classes) {
      ++out_of_scope;
      found += rejected_now;
      return;
    }
    std::vector<float> probabilities = text.scores;
    to_probabilities(probabilities, calibration.temperature);
    const double confidence = probabilities[lead.best];
    const bool hit = lead.best == text.right;
    Bin& bin = bins[std::min(kBins - 1, static_cast<size_t>(confidence * kBins))];
    bin.confidence += confidence;
    bin.right += hit;
    ++in_scope;
    right += hit;
    accepted += hit && !rejected_now;
    rejected += rejected_now;
  }
  Measured shares() const {
    const auto share = [](uint64_t part, uint64_t all) {
      return all == 0 ? 0 : static_cast<double>(part) / static_cast<double>(all);
    };
    Measured m;
    m.accuracy = share(right, in_scope);
    m.accepted = share(accepted, in_scope);
    m.scope_recall = share(found, out_of_scope);
    m.scope_rejected = share(rejected, in_scope);
    m.in_scope = in_scope;
    m.out_of_scope = out_of_scope;
    for (const Bin& bin : bins) m.ece += std::fabs(bin.confidence - bin.right);
    m.ece = in_scope == 0 ? 0 : m.ece / static_cast<double>(in_scope);
    return m;
  }
};

}  // namespace

Measured measure(const std::vector<ScoredText>& texts, size_t classes, const Calibration& calibration) {
  Sums sums;
  for (const ScoredText& text : texts) sums.add(text, classes, calibration);
  return sums.shares();
}

Measured measure_across(const std::vector<ScoredText>& texts, size_t classes, double rejection_max) {
  std::array<std::vector<ScoredText>, 2> halves;
  for (const ScoredText& text : texts) halves[text.hash % 2].push_back(text);
  Sums sums;
  for (size_t i = 0; i < 2; ++i) {
    const Calibration calibration = calibrate(halves[1 - i], classes, rejection_max);
    for (const ScoredText& text : halves[i]) sums.add(text, classes, calibration);
  }
  return sums.shares();
}

}  // namespace dormouse::intent
