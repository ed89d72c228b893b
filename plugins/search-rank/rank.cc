#include "rank.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

namespace dormouse::rank {

std::vector<Fused> fuse(const std::vector<RankedList>& lists, double constant, size_t k) {
  std::vector<Fused> fused;
  std::unordered_map<std::string, std::pair<size_t, size_t>> places;  // in fused, and the last list it was seen in
  for (size_t list = 0; list < lists.size(); ++list) {
    if (lists[list].weight == 0) continue;
    for (size_t position = 0; position < lists[list].keys.size(); ++position) {
      const auto [at, is_new] = places.try_emplace(lists[list].keys[position], std::pair(fused.size(), list));
      if (is_new) {
        fused.push_back({list, position, 0});
      } else if (at->second.second == list) {
        continue;
      }
      at->second.second = list;
      fused[at->second.first].score += lists[list].weight / (constant + static_cast<double>(position + 1));
    }
  }
  std::stable_sort(fused.begin(), fused.end(), [](const Fused& a, const Fused& b) { return a.score > b.score; });
  if (fused.size() > k) fused.resize(k);
  return fused;
}

std::vector<size_t> diversify(const std::vector<double>& relevance, const float* vectors, size_t dimension,
                              double lambda, size_t k) {
  const size_t n = relevance.size();
  double largest = 0;
  for (const double x : relevance) largest = std::max(largest, x);
  const auto product = [&](size_t a, size_t b) {
    double sum = 0;
    for (size_t i = 0; i < dimension; ++i)
      sum += static_cast<double>(vectors[a * dimension + i]) * static_cast<double>(vectors[b * dimension + i]);
    return sum;
  };
  std::vector<double> length(n), nearest(n, 0);
  for (size_t i = 0; i < n; ++i) length[i] = std::sqrt(product(i, i));
  std::vector<bool> taken(n);
  std::vector<size_t> chosen;
  while (chosen.size() < std::min(k, n)) {
    size_t best = n;
    double best_value = -std::numeric_limits<double>::infinity();
    for (size_t i = 0; i < n; ++i) {
      const double value = lambda * (largest > 0 ? relevance[i] / largest : 0) - (1 - lambda) * nearest[i];
      if (!taken[i] && value > best_value) {
        best = i;
        best_value = value;
      }
    }
    if (best == n) break;  // numbers that are none
    taken[best] = true;
    chosen.push_back(best);
    for (size_t i = 0; i < n; ++i) {
      const double lengths = length[i] * length[best];
      const double cosine = lengths > 0 ? product(i, best) / lengths : 0;
      nearest[i] = chosen.size() == 1 ? cosine : std::max(nearest[i], cosine);
    }
  }
  return chosen;
}

}  // namespace dormouse::rank
