// Vectors to measure searches with: a set of them, queries, and for each query its true neighbours.
// Errors are thrown (std::runtime_error): what is not there.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace dormouse::bench {

inline constexpr int64_t kK = 10;  // neighbours asked for

struct VectorSet {
  std::string name;
  size_t dimension = 0;
  std::vector<float> base, queries;
  std::vector<std::vector<int64_t>> nearest;  // of each query, the kK nearest
  size_t rows() const { return base.size() / dimension; }
  size_t asked() const { return queries.size() / dimension; }
  const float* query(size_t i) const { return queries.data() + i % asked() * dimension; }
};

// Where sets are looked for: DORMOUSE_DATA, or what comes with the project.
std::string data_folder();
VectorSet sift(const std::string& folder);
VectorSet text(const std::string& folder);
// Enough to leave the caches: clusters with noise, of a fixed seed.
VectorSet drawn(size_t rows);

// What is not there is said, and the rest is measured.
void with_set(const std::function<VectorSet()>& read, const std::function<void(const VectorSet&)>& measure);

// Share of the true neighbours that `search` finds, over all queries.
double recall(const VectorSet& set, const std::function<std::vector<int64_t>(size_t query)>& search);

}  // namespace dormouse::bench
