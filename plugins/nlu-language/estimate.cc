#include "estimate.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace dormouse::language {
namespace {

// How many letters the world could have used: what a letter no row has shown is one of.
constexpr double kAlphabet = 3000;

// Finds or makes the index of a 64-bit name.
class Index {
 public:
  explicit Index(size_t expected) {
    size_t size = 1024;
    while (size < expected * 2) size *= 2;
    slots_.assign(size, Slot{});
  }
  // {index, whether it is new}; new ones are numbered 0, 1, 2 ...
  std::pair<uint32_t, bool> insert(uint64_t name) {
    if (count_ * 3 > slots_.size() * 2) grow();
    Slot& slot = slots_[find(name)];
    if (slot.used) return {slot.index, false};
    slot = {name, count_, true};
    return {count_++, true};
  }

 private:
  struct Slot {
    uint64_t name = 0;
    uint32_t index = 0;
    bool used = false;
  };
  size_t find(uint64_t name) const {
    size_t at = name & (slots_.size() - 1);
    while (slots_[at].used && slots_[at].name != name) at = (at + 1) & (slots_.size() - 1);
    return at;
  }
  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.used) slots_[find(slot.name)] = slot;
    }
  }
  std::vector<Slot> slots_;
  uint32_t count_ = 0;
};

// The n-grams of one language: each knows its beginning (one letter less, the context) and its ending.
class Counter {
 public:
  Counter(const EstimateOptions& options, size_t letters) : options_(options), index_(letters) {
    nodes_.push_back({});  // the empty n-gram
    NgramHash boundary;
    boundary.add(kBoundary);
    node(boundary.value(), kEmpty, kEmpty, 1, true);  // the context of a first letter, counted when it ends a word
  }

  void add(std::u32string_view word, uint32_t count) {
    const double weight = std::pow(count, options_.count_power);
    std::array<uint32_t, kOrderMax> before{}, here{};
    before[0] = kFirst;
    for (size_t end = 1; end < word.size(); ++end) {
      const bool last = word[end] == kBoundary;
      visit_ngrams_at(word, end, options_.order, [&](uint64_t hash, unsigned order) {
        const uint32_t context = order == 1 ? kEmpty : before[order - 2];
        const uint32_t ending = order == 1 ? kEmpty : here[order - 2];
        here[order - 1] = node(hash, context, ending, static_cast<uint8_t>(order), last);
        count_one(here[order - 1], weight);
      });
      before = here;
    }
  }

  Estimate finish() {
    Estimate result;
    const double unknown = std::log(back_off(nodes_[kEmpty]) / kAlphabet);
    result.per_place = static_cast<float>(unknown);
    nodes_[kEmpty].log_probability = unknown;
    result.weights.reserve(nodes_.size());
    // A node is younger than its ending and its context, so both are finished when it is reached.
    for (size_t i = 1; i < nodes_.size(); ++i) {
      if (nodes_[i].count > 0) result.weights.push_back(weight_of(i));
    }
    return result;
  }

 private:
  struct Node {
    uint64_t hash = 0;
    double count = 0;      // of the n-gram
    double followers = 0;  // counts of all n-grams that begin with it
    double log_probability = 0;
    uint32_t kinds = 0;  // of followers
    uint32_t context = 0, ending = 0;
    uint8_t order = 0;
    bool last = false;  // ends a word: nothing follows
  };
  static constexpr uint32_t kEmpty = 0, kFirst = 1;

  uint32_t node(uint64_t hash, uint32_t context, uint32_t ending, uint8_t order, bool last) {
    const auto [index, is_new] = index_.insert(hash);
    if (is_new) {
      Node n;
      n.hash = hash;
      n.context = context;
      n.ending = ending;
      n.order = order;
      n.last = last;
      nodes_.push_back(n);
    }
    return index + 1;
  }

  void count_one(uint32_t i, double weight) {
    Node& n = nodes_[i];
    Node& context = nodes_[n.context];
    if (n.count == 0) ++context.kinds;
    n.count += weight;
    context.followers += weight;
  }

  // The share of probability that a context leaves to letters never seen behind it.
  double back_off(const Node& context) const {
    return context.followers > 0 ? std::min(1.0, options_.discount * context.kinds / context.followers) : 1.0;
  }

  Weight weight_of(size_t i) {
    Node& n = nodes_[i];
    const Node& context = nodes_[n.context];
    const double left = back_off(context);
    const double shorter = n.order == 1 ? 1 / kAlphabet : std::exp(nodes_[n.ending].log_probability);
    n.log_probability = std::log(std::max(0.0, n.count - options_.discount) / context.followers + left * shorter);
    // The context's back-off was charged when the context was read, as if this n-gram had never been seen: taken back.
    double weight = n.order == 1 ? n.log_probability - nodes_[kEmpty].log_probability
                                 : n.log_probability - nodes_[n.ending].log_probability - std::log(left);
    const bool is_context = (!n.last && n.order < options_.order) || i == kFirst;
    if (is_context) weight += std::log(back_off(n));
    return {n.hash, static_cast<float>(weight), 0, n.order, static_cast<uint16_t>(std::min(n.count, 65535.0))};
  }

  const EstimateOptions options_;
  Index index_;
  std::vector<Node> nodes_;
};

uint64_t hash_of(std::u32string_view word) {
  NgramHash hash;
  for (char32_t c : word) hash.add(c);
  return hash.value();
}

}  // namespace

void WordCounts::add(std::u32string_view word, bool held_out) {
  if (entries_.size() * 3 >= slots_.size() * 2) grow();
  const uint64_t hash = hash_of(word);
  size_t at = hash & (slots_.size() - 1);
  while (slots_[at] != 0 && entries_[slots_[at] - 1].hash != hash) at = (at + 1) & (slots_.size() - 1);
  if (slots_[at] == 0) {
    entries_.push_back({hash, static_cast<uint32_t>(letters_.size()), static_cast<uint32_t>(word.size()), 0, 0});
    letters_.insert(letters_.end(), word.begin(), word.end());
    slots_[at] = static_cast<uint32_t>(entries_.size());
  }
  Entry& entry = entries_[slots_[at] - 1];
  ++entry.seen;
  entry.held_out += held_out;
}

void WordCounts::grow() {
  slots_.assign(std::max<size_t>(256, slots_.size() * 2), 0);
  for (size_t i = 0; i < entries_.size(); ++i) {
    size_t at = entries_[i].hash & (slots_.size() - 1);
    while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = static_cast<uint32_t>(i + 1);
  }
}

Estimate estimate(const WordCounts& words, bool with_held_out, const EstimateOptions& options) {
  Counter counter(options, words.letters());
  words.each(with_held_out, [&](std::u32string_view word, uint32_t count) { counter.add(word, count); });
  return counter.finish();
}

}  // namespace dormouse::language
