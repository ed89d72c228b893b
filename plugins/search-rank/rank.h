// One order out of several, and an order without repetition. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace dormouse::rank {

// ---- reciprocal-rank fusion (Cormack, Clarke, Buettcher, 2009) ----

// What one of several searches found, best first.
struct RankedList {
  std::vector<std::string> keys;  // what makes two hits the same
  double weight = 1;              // 0: the list is looked at no more
};

struct Fused {
  size_t list, position;  // where it stands for the first time
  double score;           // sum of weight / (constant + rank) over the lists; ranks from 1
};

// Best first, `k` at most; equal ones in the order in which they come first. A key that comes twice in one list counts
// where it comes first.
std::vector<Fused> fuse(const std::vector<RankedList>& lists, double constant, size_t k);

// ---- maximal marginal relevance (Carbonell, Goldstein, 1998) ----

// Positions of `k` items at most: each time the one with the largest lambda * relevance - (1 - lambda) * similarity to
// the nearest one chosen before. Relevances are taken as shares of the largest; similarity is the cosine of the rows of
// vectors[relevance.size()][dimension], 0 for a row of zeros. Equal ones in their order.
std::vector<size_t> diversify(const std::vector<double>& relevance, const float* vectors, size_t dimension,
                              double lambda, size_t k);

}  // namespace dormouse::rank
