#include "vectors.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <set>

namespace dormouse::search {

std::vector<float> clustered_vectors(size_t n, size_t dimension, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> noise(0, 1);
  constexpr size_t kClusters = 20;
  std::vector<float> centres(kClusters * dimension), vectors(n * dimension);
  for (float& x : centres) x = 3 * noise(random);
  for (size_t i = 0; i < n; ++i) {
    const size_t cluster = random() % kClusters;
    for (size_t j = 0; j < dimension; ++j)
      vectors[i * dimension + j] = centres[cluster * dimension + j] + noise(random);
  }
  return vectors;
}

std::vector<uint32_t> exact_nearest(const std::vector<float>& rows, const float* query, size_t dimension, size_t k,
                                    Metric metric) {
  const size_t n = rows.size() / dimension;
  std::vector<double> distances(n);
  for (size_t i = 0; i < n; ++i) {
    double l2 = 0, dot = 0, length = 0;
    for (size_t j = 0; j < dimension; ++j) {
      const double a = rows[i * dimension + j], b = query[j];
      l2 += (a - b) * (a - b), dot += a * b, length += a * a;
    }
    distances[i] = metric == Metric::l2 ? l2 : metric == Metric::inner_product ? -dot : -dot / std::sqrt(length);
  }
  std::vector<uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return distances[a] < distances[b]; });
  order.resize(std::min(k, n));
  return order;
}

Rows numbered_rows(const std::vector<float>& vectors, size_t dimension, int64_t first) {
  Rows rows;
  for (size_t i = 0; i < vectors.size() / dimension; ++i)
    rows.ids.push_back({false, first + static_cast<int64_t>(i), {}});
  rows.vectors = vectors.data();
  rows.dimension = dimension;
  return rows;
}

std::vector<int64_t> numbers(const std::vector<Hit>& hits) {
  std::vector<int64_t> ids;
  for (const Hit& hit : hits) ids.push_back(hit.id.number);
  return ids;
}

std::vector<Hit> ask(const Collection& collection, const float* query, const Question& question) {
  return collection.search(std::span(&query, 1), collection.spec().dimension, question, kNever).at(0);
}

double recall(const std::vector<int64_t>& found, const std::vector<uint32_t>& wanted) {
  const std::set<int64_t> have(found.begin(), found.end());
  size_t right = 0;
  for (const uint32_t id : wanted) right += have.count(id);
  return static_cast<double>(right) / static_cast<double>(wanted.size());
}

}  // namespace dormouse::search
