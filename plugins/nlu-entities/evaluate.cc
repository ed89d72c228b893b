// evaluate() of trainer.h: exact spans with their types, as conlleval counts them.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "trainer.h"

namespace dormouse::entities {
namespace {

constexpr size_t kConfusionsMax = 10;
constexpr size_t kBins = 10;

class Counts {
 public:
  explicit Counts(const std::vector<std::string>& types) {
    for (const std::string& type : types) scores_[type];
  }

  void add(const Example& example, const std::vector<LearnedSpan>& found, const std::vector<std::string>& types) {
    for (const ExampleSpan& span : example.spans) ++scores_[span.type].wanted;
    for (const LearnedSpan& span : found) {
      Score& score = scores_[types[span.type]];
      ++score.found;
      const bool right = std::any_of(example.spans.begin(), example.spans.end(), [&](const ExampleSpan& s) {
        return s.begin == span.begin && s.end == span.end && s.type == types[span.type];
      });
      score.right += right;
      auto& bin = bins_[std::min<size_t>(kBins - 1, static_cast<size_t>(span.confidence * kBins))];
      bin[0] += 1;
      bin[1] += right;
      bin[2] += span.confidence;
      if (!right) confuse(example, span, types[span.type]);
    }
    for (const ExampleSpan& span : example.spans) {
      const bool touched = std::any_of(found.begin(), found.end(),
                                       [&](const LearnedSpan& f) { return f.begin < span.end && f.end > span.begin; });
      if (!touched) ++confusions_[{span.type, ""}];
    }
  }

  void finish(const std::vector<std::string>& types, Evaluation* evaluation) const {
    for (const std::string& type : types) evaluation->types.push_back({type, scores_.at(type)});
    for (const auto& [type, score] : scores_) {
      evaluation->all.right += score.right;
      evaluation->all.found += score.found;
      evaluation->all.wanted += score.wanted;
    }
    for (const auto& [pair, count] : confusions_) evaluation->confusions.push_back({pair.first, pair.second, count});
    std::stable_sort(evaluation->confusions.begin(), evaluation->confusions.end(),
                     [](const Confusion& a, const Confusion& b) { return a.count > b.count; });
    if (evaluation->confusions.size() > kConfusionsMax) evaluation->confusions.resize(kConfusionsMax);
    double error = 0, all = 0;
    for (const auto& [count, right, sum] : bins_) {
      error += std::abs(sum - right);
      all += count;
    }
    evaluation->calibration_error = all > 0 ? error / all : 0;
  }

 private:
  void confuse(const Example& example, const LearnedSpan& span, const std::string& type) {
    const auto at = std::find_if(example.spans.begin(), example.spans.end(),
                                 [&](const ExampleSpan& s) { return s.begin < span.end && s.end > span.begin; });
    ++confusions_[{at == example.spans.end() ? "" : at->type, type}];
  }

  std::map<std::string, Score> scores_;
  std::map<std::pair<std::string, std::string>, uint64_t> confusions_;
  std::array<std::array<double, 3>, kBins> bins_{};  // count, right, sum of confidences
};

}  // namespace

Evaluation evaluate(const Model& model, const std::vector<Example>& examples, const std::function<void()>& between) {
  Evaluation evaluation;
  Counts counts(model.types());
  for (const Example& example : examples) {
    if (++evaluation.examples % 64 == 0) between();
    counts.add(example, model.find(example.text, example.expected, between), model.types());
  }
  counts.finish(model.types(), &evaluation);
  return evaluation;
}

}  // namespace dormouse::entities
