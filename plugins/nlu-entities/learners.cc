#include "learners.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "tokens.h"

namespace dormouse::entities {
namespace {

constexpr float kKindRate = 0.2f;
// A gradient below this moves nothing worth its memory access.
constexpr float kGradientMin = 1e-3f;

void step(float* weight, float* squares, float gradient, float rate) {
  *squares += gradient * gradient;
  *weight -= rate * gradient / (1e-3f + std::sqrt(*squares));
}

// Probabilities of the kinds.
void softmax(std::span<const float> weights, size_t kinds, std::span<const uint32_t> features, std::vector<float>* p) {
  p->assign(kinds, 0);
  for (const uint32_t f : features) {
    const float* w = &weights[f * kinds];
    for (size_t k = 0; k < kinds; ++k) (*p)[k] += w[k];
  }
  const float top = *std::max_element(p->begin(), p->end());
  float total = 0;
  for (float& x : *p) total += x = std::exp(x - top);
  for (float& x : *p) x /= total;
}

}  // namespace

FeatureNumbers::FeatureNumbers(std::vector<uint64_t> hashes, uint32_t count_min, size_t kept_max) {
  std::sort(hashes.begin(), hashes.end());
  std::vector<uint32_t> counts;
  for (size_t i = 0; i < hashes.size();) {
    size_t end = i;
    while (end < hashes.size() && hashes[end] == hashes[i]) ++end;
    if (end - i >= count_min) {
      hashes_.push_back(hashes[i]);
      counts.push_back(static_cast<uint32_t>(end - i));
    }
    i = end;
  }
  while (hashes_.size() > kept_max) {  // what is rarest goes, count by count
    ++count_min;
    size_t kept = 0;
    for (size_t i = 0; i < hashes_.size(); ++i) {
      if (counts[i] < count_min) continue;
      hashes_[kept] = hashes_[i];
      counts[kept++] = counts[i];
    }
    hashes_.resize(kept);
    counts.resize(kept);
  }
  const unsigned bits = std::min<unsigned>(20, std::bit_width(hashes_.size()));
  shift_ = 64 - std::max(1u, bits);
  begin_of_.assign((size_t{1} << (64 - shift_)) + 1, 0);
  for (const uint64_t h : hashes_) ++begin_of_[(h >> shift_) + 1];
  std::partial_sum(begin_of_.begin(), begin_of_.end(), begin_of_.begin());
}

std::vector<uint32_t> FeatureNumbers::numbers(std::span<const uint64_t> hashes) const {
  std::vector<uint32_t> out;
  out.reserve(hashes.size());
  for (const uint64_t h : hashes) {
    const auto begin = hashes_.begin() + begin_of_[h >> shift_], end = hashes_.begin() + begin_of_[(h >> shift_) + 1];
    const auto at = std::lower_bound(begin, end, h);
    if (at != end && *at == h) out.push_back(static_cast<uint32_t>(at - hashes_.begin()));
  }
  return out;
}

void shuffle(std::vector<uint32_t>* order, uint64_t seed) {
  for (size_t i = order->size(); i > 1; --i) {
    seed = mix(seed + 0x9E3779B97F4A7C15u);
    std::swap((*order)[i - 1], (*order)[seed % i]);
  }
}

std::vector<float> learn_kinds(const std::vector<const KindExample*>& examples, size_t features, size_t kinds,
                               unsigned passes, const std::function<void()>& on_pass) {
  std::vector<float> weights(features * kinds), squares(features * kinds), p;
  std::vector<uint32_t> order(examples.size());
  std::iota(order.begin(), order.end(), 0u);
  for (unsigned pass = 0; pass < passes; ++pass) {
    on_pass();
    shuffle(&order, 1000 + pass);
    for (const uint32_t i : order) {
      const KindExample& example = *examples[i];
      softmax(weights, kinds, example.features, &p);
      p[example.kind] -= 1;
      for (size_t k = 0; k < kinds; ++k) {
        if (std::abs(p[k]) < kGradientMin) continue;
        for (const uint32_t f : example.features)
          step(&weights[f * kinds + k], &squares[f * kinds + k], p[k], kKindRate);
      }
    }
  }
  return weights;
}

uint32_t likely_kind(std::span<const float> weights, size_t kinds, std::span<const uint32_t> features) {
  std::vector<float> p;
  softmax(weights, kinds, features, &p);
  return static_cast<uint32_t>(std::max_element(p.begin(), p.end()) - p.begin());
}

namespace {

class TagLearner {
 public:
  TagLearner(const std::vector<TagExample>& examples, const TagSet& tags, size_t features, const TagLearning& learning)
      : examples_(examples), tags_(tags), width_(tags.size()), open_(tags.open_count()), learning_(learning) {
    for (TagWeights* w : {&now_, &squares_}) {
      w->emissions.assign(features * width_, 0);
      w->open.assign(width_ * open_, 0);
      w->from_begin.assign(tags.types, 0);
      w->from_inside.assign(tags.types, 0);
    }
  }

  TagWeights run(const std::function<void(double)>& on_progress) {
    std::vector<uint32_t> order(examples_.size());
    std::iota(order.begin(), order.end(), 0u);
    const double all = static_cast<double>(order.size()) * learning_.passes;
    size_t done = 0;
    for (unsigned pass = 0; pass < learning_.passes; ++pass) {
      shuffle(&order, pass);
      for (const uint32_t i : order) {
        if (done++ % 64 == 0) on_progress(static_cast<double>(done) / all);
        learn(examples_[i]);
      }
      // The first pass is still far from where the others wander about.
      if (pass > 0 || learning_.passes == 1) remember();
    }
    return average();
  }

 private:
  static std::vector<std::vector<float>*> parts(TagWeights* w) {
    return {&w->emissions, &w->open, &w->from_begin, &w->from_inside};
  }

  void learn(const TagExample& example) {
    const size_t n = example.tags.size();
    lattice_.reset(tags_, n);
    for (size_t i = 0, f = 0; i < n; ++i) {
      float* row = lattice_.scores(i).data();
      for (; f < example.ends[i]; ++f) {
        const float* w = &now_.emissions[example.features[f] * width_];
        for (size_t tag = 0; tag < width_; ++tag) row[tag] += w[tag];
      }
    }
    lattice_.sum({now_.open, now_.from_begin, now_.from_inside});
    for (size_t i = 0; i < n; ++i) {
      move_emissions(example, i);
      if (i > 0) move_transitions(example, i);
    }
  }

  void move_emissions(const TagExample& example, size_t i) {
    moved_.clear();
    for (size_t tag = 0; tag < width_; ++tag) {
      const float gradient = lattice_.marginal(i, tag) - (example.tags[i] == tag ? 1.0f : 0.0f);
      if (std::abs(gradient) >= kGradientMin) moved_.push_back({tag, gradient});
    }
    if (moved_.empty()) return;
    for (size_t f = i == 0 ? 0 : example.ends[i - 1]; f < example.ends[i]; ++f) {
      const size_t at = example.features[f] * width_;
      for (const auto& [tag, gradient] : moved_) {
        step(&now_.emissions[at + tag], &squares_.emissions[at + tag], gradient, learning_.rate);
      }
    }
  }

  void move_transitions(const TagExample& example, size_t i) {
    const size_t before = example.tags[i - 1], here = example.tags[i];
    const auto move = [&](std::vector<float> TagWeights::*part, size_t at, size_t from, size_t to) {
      const float seen = before == from && here == to ? 1.0f : 0.0f;
      const float gradient = lattice_.pair(i, from, to) - seen;
      if (std::abs(gradient) >= kGradientMin) {
        step(&(now_.*part)[at], &(squares_.*part)[at], gradient, learning_.rate);
      }
    };
    for (size_t from = 0; from < width_; ++from) {
      if (lattice_.marginal(i - 1, from) < kGradientMin && from != before) continue;
      for (size_t to = 0; to < open_; ++to) move(&TagWeights::open, from * open_ + to, from, to);
      if (from == 0) continue;
      const size_t type = tags_.type_of(from);
      move(tags_.is_begin(from) ? &TagWeights::from_begin : &TagWeights::from_inside, type, from, tags_.inside(type));
    }
  }

  void remember() {
    ++remembered_;
    const auto from = parts(&now_), to = parts(&sum_);
    for (size_t p = 0; p < from.size(); ++p) {
      to[p]->resize(from[p]->size());
      for (size_t i = 0; i < from[p]->size(); ++i) (*to[p])[i] += (*from[p])[i];
    }
  }
  TagWeights average() {
    for (std::vector<float>* part : parts(&sum_)) {
      for (float& w : *part) w /= static_cast<float>(remembered_);
    }
    return std::move(sum_);
  }

  const std::vector<TagExample>& examples_;
  const TagSet tags_;
  const size_t width_, open_;
  const TagLearning learning_;
  TagWeights now_, squares_, sum_;
  size_t remembered_ = 0;
  Lattice lattice_;
  std::vector<std::pair<size_t, float>> moved_;
};

}  // namespace

TagWeights learn_tags(const std::vector<TagExample>& examples, const TagSet& tags, size_t features,
                      const TagLearning& learning, const std::function<void(double)>& on_progress) {
  return TagLearner(examples, tags, features, learning).run(on_progress);
}

}  // namespace dormouse::entities
