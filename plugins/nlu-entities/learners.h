// Learning the weights: of the kinds of sentences (softmax regression) and of the tags (conditional random field), both
// by stochastic gradients with a step of its own for each weight (AdaGrad), the second averaged over its passes.
// Not where features come from nor what a file looks like: trainer.h. Deterministic; one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "lattice.h"
#include "weight_table.h"

namespace dormouse::entities {

// Hashes of features with dense numbers: which ones are learnt at all.
class FeatureNumbers {
 public:
  FeatureNumbers() = default;
  // Those of `hashes` that come at least `count_min` times; of more than `kept_max`, the most frequent.
  FeatureNumbers(std::vector<uint64_t> hashes, uint32_t count_min, size_t kept_max);

  size_t size() const { return hashes_.size(); }
  uint64_t hash(size_t number) const { return hashes_[number]; }
  // Replaces hashes by numbers; unknown ones are left out.
  std::vector<uint32_t> numbers(std::span<const uint64_t> hashes) const;

 private:
  std::vector<uint64_t> hashes_;    // ascending
  std::vector<uint32_t> begin_of_;  // by the upper bits of the hash, for the look-up
  unsigned shift_ = 64;
};

// Order of examples, the same everywhere.
void shuffle(std::vector<uint32_t>* order, uint64_t seed);

// A sentence of known kind.
struct KindExample {
  std::vector<uint32_t> features;
  uint32_t kind = 0;
};
// weights[feature * kinds + kind]; on_pass is called before each pass and may throw to stop.
std::vector<float> learn_kinds(const std::vector<const KindExample*>& examples, size_t features, size_t kinds,
                               unsigned passes, const std::function<void()>& on_pass);
uint32_t likely_kind(std::span<const float> weights, size_t kinds, std::span<const uint32_t> features);

// A sentence with known tags.
struct TagExample {
  std::vector<uint32_t> features;  // of all tokens
  std::vector<uint32_t> ends;      // of each token's part
  std::vector<uint32_t> tags;
};
struct TagWeights {
  std::vector<float> emissions;  // [feature][tag]
  std::vector<float> open, from_begin, from_inside;
};
struct TagLearning {
  unsigned passes = 8;
  float rate = 0.06f;
};
// on_progress(part of the work done) is called often and may throw to stop.
TagWeights learn_tags(const std::vector<TagExample>& examples, const TagSet& tags, size_t features,
                      const TagLearning& learning, const std::function<void(double)>& on_progress);

}  // namespace dormouse::entities
