// From counted words of one language to weights of n-grams: an interpolated letter model (absolute discounting),
// written as a sum. For every n-gram that the language has, its weight is what it adds to the logarithm of the text's
// probability beyond what its shorter ending already said; so scoring needs no back-off, only a sum over n-grams. Not
// the model file (model.h). Objects belong to one training on one thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "model.h"

namespace dormouse::language {

// The words of one class, each once, with how often it was seen: in all rows, and in those not held out.
class WordCounts {
 public:
  // `word` with its boundaries.
  void add(std::u32string_view word, bool held_out);
  size_t size() const { return entries_.size(); }
  size_t letters() const { return letters_.size(); }
  // visit(word, count) in order of first appearance; words without a count are left out.
  template <class Visit>
  void each(bool with_held_out, Visit visit) const {
    for (const Entry& e : entries_) {
      const uint32_t count = with_held_out ? e.seen : e.seen - e.held_out;
      if (count > 0) visit(std::u32string_view(letters_.data() + e.begin, e.size), count);
    }
  }

 private:
  struct Entry {
    uint64_t hash;
    uint32_t begin, size;
    uint32_t seen, held_out;
  };
  void grow();

  std::vector<char32_t> letters_;
  std::vector<Entry> entries_;
  std::vector<uint32_t> slots_;  // index + 1 into entries_, 0: free
};

struct EstimateOptions {
  unsigned order = 5;         // letters of the longest n-gram
  double discount = 0.55;     // taken from each count and given to n-grams never seen
  double count_power = 0.75;  // a word seen n times counts n to this power: frequent words do not drown the rare ones
};

struct Estimate {
  float per_place = 0;          // log probability of a letter the language does not have
  std::vector<Weight> weights;  // cls is 0; in no order that matters
};

Estimate estimate(const WordCounts& words, bool with_held_out, const EstimateOptions& options);

}  // namespace dormouse::language
