// The tags of a sentence as one decision: a linear chain over O, B-type, I-type, where I-type only follows B-type or
// I-type. The best path, and how probable each span is; shared by training and answering.
// Not where scores come from: sentence_features.h and model.h. Pure; any thread, each with its own Lattice as scratch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace dormouse::entities {

// Tags are numbered O = 0, B of type t = 1 + t, I of type t = 1 + types + t.
struct TagSet {
  size_t types = 0;
  size_t open_count() const { return 1 + types; }  // O and B: may follow any tag
  size_t size() const { return 1 + 2 * types; }
  size_t begin(size_t type) const { return 1 + type; }
  size_t inside(size_t type) const { return 1 + types + type; }
  bool is_begin(size_t tag) const { return tag >= 1 && tag <= types; }
  bool is_inside(size_t tag) const { return tag > types; }
  size_t type_of(size_t tag) const { return is_inside(tag) ? tag - 1 - types : tag - 1; }
};

// Scores of neighbours. Borrowed; constant while a Lattice uses them.
struct Transitions {
  std::span<const float> open;         // [from][to], from any tag, to O and B
  std::span<const float> from_begin;   // [type]: B to I
  std::span<const float> from_inside;  // [type]: I to I
};

struct TagSpan {
  uint32_t first = 0, last = 0;  // tokens, last included
  uint32_t type = 0;
  float probability = 0;  // of exactly this span with this type, 0 to 1
};

class Lattice {
 public:
  // Room for `tokens` rows of TagSet::size() scores, zeroed.
  void reset(const TagSet& tags, size_t tokens);
  std::span<float> scores(size_t token) { return {&scores_[token * width_], width_}; }

  // The best path: a tag for each token.
  void decode(const Transitions& transitions, std::vector<uint32_t>* path);
  // Sums over all paths; afterwards marginal(), pair() and probability() may be asked.
  void sum(const Transitions& transitions);
  // Probability of tag `tag` at `token`.
  float marginal(size_t token, size_t tag) const { return forward_[at(token, tag)] * backward_[at(token, tag)]; }
  // Probability of the tags `from` at token - 1 and `to` at `token`.
  float pair(size_t token, size_t from, size_t to) const;
  // Probability that a span of that type begins at `first` and ends at `last`.
  float probability(uint32_t first, uint32_t last, uint32_t type) const;
  // Logarithm of the sum of all paths' exp(score), and the score of one of them.
  double log_sum() const { return log_sum_; }
  double score_of(const Transitions& transitions, std::span<const uint32_t> path) const;

  // The spans of a path, without probabilities.
  static std::vector<TagSpan> spans_of(const TagSet& tags, std::span<const uint32_t> path);

 private:
  size_t at(size_t token, size_t tag) const { return token * width_ + tag; }
  void exponentiate(const Transitions& transitions);
  void go_forward();
  void go_backward();

  TagSet tags_;
  size_t width_ = 0, tokens_ = 0;
  std::vector<float> scores_;
  std::vector<float> best_;                                           // of decode
  std::vector<float> weights_;                                        // exp of the scores, less the token's highest
  std::vector<float> forward_, backward_;                             // scaled: their product is the marginal
  std::vector<float> scale_;                                          // of each token
  std::vector<float> open_, open_turned_, from_begin_, from_inside_;  // exp of the transitions; turned: [to][from]
  std::vector<float> row_;
  double log_sum_ = 0;
};

}  // namespace dormouse::entities
