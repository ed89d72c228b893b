#include "lattice.h"

#include <algorithm>
#include <cmath>

namespace dormouse::entities {
namespace {

// Far below any score, far above what would become infinite when added up.
constexpr float kNever = -1e30f;

float highest(std::span<const float> values) {
  float top = values[0];
  for (const float v : values) top = v > top ? v : top;
  return top;
}

}  // namespace

void Lattice::reset(const TagSet& tags, size_t tokens) {
  tags_ = tags;
  width_ = tags.size();
  tokens_ = tokens;
  scores_.assign(tokens * width_, 0);
}

void Lattice::decode(const Transitions& t, std::vector<uint32_t>* path) {
  path->assign(tokens_, 0);
  if (tokens_ == 0) return;
  const size_t types = tags_.types, open = tags_.open_count();
  best_.resize(tokens_ * width_);
  std::copy_n(scores_.begin(), width_, best_.begin());
  for (size_t i = 0; i < types; ++i) best_[tags_.inside(i)] = kNever;
  for (size_t token = 1; token < tokens_; ++token) {
    const float* before = &best_[at(token - 1, 0)];
    float* now = &best_[at(token, 0)];
    const float* score = &scores_[at(token, 0)];
    std::fill_n(now, open, kNever);
    for (size_t from = 0; from < width_; ++from) {
      const float reached = before[from];
      const float* row = &t.open[from * open];
      for (size_t to = 0; to < open; ++to) {
        const float v = reached + row[to];
        now[to] = v > now[to] ? v : now[to];
      }
    }
    for (size_t to = 0; to < open; ++to) now[to] += score[to];
    for (size_t i = 0; i < types; ++i) {
      const float a = before[1 + i] + t.from_begin[i], b = before[open + i] + t.from_inside[i];
      now[open + i] = (a > b ? a : b) + score[open + i];
    }
  }
  // Predecessors are found again on the way back: one column a token is cheaper than to remember them all.
  const auto last = best_.begin() + static_cast<ptrdiff_t>(at(tokens_ - 1, 0));
  auto tag = static_cast<size_t>(std::max_element(last, last + static_cast<ptrdiff_t>(width_)) - last);
  for (size_t token = tokens_; token-- > 0;) {
    (*path)[token] = static_cast<uint32_t>(tag);
    if (token == 0) break;
    const float* before = &best_[at(token - 1, 0)];
    if (tags_.is_inside(tag)) {
      const size_t i = tags_.type_of(tag);
      const bool begins = before[1 + i] + t.from_begin[i] >= before[open + i] + t.from_inside[i];
      tag = begins ? tags_.begin(i) : tag;
    } else {
      size_t from = 0;
      float top = kNever;
      for (size_t f = 0; f < width_; ++f) {
        const float v = before[f] + t.open[f * open + tag];
        if (v > top) {
          top = v;
          from = f;
        }
      }
      tag = from;
    }
  }
  // Only damaged weights lead here: a path never begins inside.
  if (tags_.is_inside((*path)[0])) (*path)[0] = 0;
}

void Lattice::exponentiate(const Transitions& t) {
  const size_t open = tags_.open_count();
  const auto exp_of = [](std::span<const float> from, std::vector<float>* to) {
    to->resize(from.size());
    for (size_t i = 0; i < from.size(); ++i) (*to)[i] = std::exp(from[i]);
  };
  exp_of(t.open, &open_);
  exp_of(t.from_begin, &from_begin_);
  exp_of(t.from_inside, &from_inside_);
  open_turned_.resize(open_.size());
  for (size_t from = 0; from < width_; ++from) {
    for (size_t to = 0; to < open; ++to) open_turned_[to * width_ + from] = open_[from * open + to];
  }
  weights_.resize(scores_.size());
  log_sum_ = 0;
  for (size_t token = 0; token < tokens_; ++token) {
    const float top = highest({&scores_[at(token, 0)], width_});
    log_sum_ += top;
    for (size_t tag = 0; tag < width_; ++tag) weights_[at(token, tag)] = std::exp(scores_[at(token, tag)] - top);
  }
}

void Lattice::go_forward() {
  const size_t types = tags_.types, open = tags_.open_count();
  for (size_t token = 0; token < tokens_; ++token) {
    float* now = &forward_[at(token, 0)];
    const float* weight = &weights_[at(token, 0)];
    if (token == 0) {
      std::copy_n(weight, open, now);
      std::fill_n(now + open, types, 0.0f);
    } else {
      const float* before = &forward_[at(token - 1, 0)];
      std::fill_n(now, open, 0.0f);
      for (size_t from = 0; from < width_; ++from) {
        const float reached = before[from];
        if (reached < 1e-12f) continue;
        const float* row = &open_[from * open];
        for (size_t to = 0; to < open; ++to) now[to] += reached * row[to];
      }
      for (size_t to = 0; to < open; ++to) now[to] *= weight[to];
      for (size_t i = 0; i < types; ++i) {
        now[open + i] = (before[1 + i] * from_begin_[i] + before[open + i] * from_inside_[i]) * weight[open + i];
      }
    }
    float total = 0;
    for (size_t tag = 0; tag < width_; ++tag) total += now[tag];
    if (!(total > 1e-30f && total < 1e30f)) total = 1;  // damaged weights only
    scale_[token] = total;
    log_sum_ += std::log(total);
    const float part = 1 / total;
    for (size_t tag = 0; tag < width_; ++tag) now[tag] *= part;
  }
}

void Lattice::go_backward() {
  const size_t types = tags_.types, open = tags_.open_count();
  std::fill_n(&backward_[at(tokens_ - 1, 0)], width_, 1.0f);
  row_.resize(width_);
  for (size_t token = tokens_ - 1; token-- > 0;) {
    const float part = 1 / scale_[token + 1];
    for (size_t tag = 0; tag < width_; ++tag) {
      row_[tag] = weights_[at(token + 1, tag)] * backward_[at(token + 1, tag)] * part;
    }
    float* now = &backward_[at(token, 0)];
    std::fill_n(now, width_, 0.0f);
    for (size_t to = 0; to < open; ++to) {
      const float value = row_[to];
      if (value < 1e-12f) continue;
      const float* column = &open_turned_[to * width_];
      for (size_t from = 0; from < width_; ++from) now[from] += value * column[from];
    }
    for (size_t i = 0; i < types; ++i) {
      now[1 + i] += from_begin_[i] * row_[open + i];
      now[open + i] += from_inside_[i] * row_[open + i];
    }
  }
}

void Lattice::sum(const Transitions& transitions) {
  exponentiate(transitions);
  forward_.resize(scores_.size());
  backward_.resize(scores_.size());
  scale_.resize(tokens_);
  if (tokens_ == 0) return;
  go_forward();
  go_backward();
}

float Lattice::pair(size_t token, size_t from, size_t to) const {
  float link = 0;
  if (!tags_.is_inside(to)) {
    link = open_[from * tags_.open_count() + to];
  } else if (const size_t type = tags_.type_of(to); from == tags_.begin(type)) {
    link = from_begin_[type];
  } else if (from == to) {
    link = from_inside_[type];
  }
  return forward_[at(token - 1, from)] * link * weights_[at(token, to)] * backward_[at(token, to)] / scale_[token];
}

float Lattice::probability(uint32_t first, uint32_t last, uint32_t type) const {
  const size_t begin = tags_.begin(type), inside = tags_.inside(type);
  float path = forward_[at(first, begin)];
  for (uint32_t token = first + 1; token <= last; ++token) {
    path *= (token == first + 1 ? from_begin_[type] : from_inside_[type]) * weights_[at(token, inside)] / scale_[token];
  }
  // All that may follow, less the paths on which the span goes on.
  const size_t tag = last == first ? begin : inside;
  float after = backward_[at(last, tag)];
  if (last + 1 < tokens_) {
    const float on = last == first ? from_begin_[type] : from_inside_[type];
    after -= on * weights_[at(last + 1, inside)] * backward_[at(last + 1, inside)] / scale_[last + 1];
  }
  const float p = path * after;
  return p >= 0 && p <= 1 ? p : p > 1 ? 1.0f : 0.0f;
}

double Lattice::score_of(const Transitions& t, std::span<const uint32_t> path) const {
  double score = 0;
  for (size_t token = 0; token < tokens_; ++token) {
    const size_t tag = path[token];
    score += scores_[at(token, tag)];
    if (token == 0) continue;
    const size_t from = path[token - 1];
    if (!tags_.is_inside(tag)) {
      score += t.open[from * tags_.open_count() + tag];
    } else {
      const size_t type = tags_.type_of(tag);
      score += tags_.is_begin(from) ? t.from_begin[type] : t.from_inside[type];
    }
  }
  return score;
}

std::vector<TagSpan> Lattice::spans_of(const TagSet& tags, std::span<const uint32_t> path) {
  std::vector<TagSpan> spans;
  for (uint32_t token = 0; token < path.size(); ++token) {
    if (tags.is_begin(path[token])) {
      spans.push_back({token, token, static_cast<uint32_t>(tags.type_of(path[token])), 0});
    } else if (tags.is_inside(path[token]) && !spans.empty()) {
      spans.back().last = token;
    }
  }
  return spans;
}

}  // namespace dormouse::entities
