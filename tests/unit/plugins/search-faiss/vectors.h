// Vectors for tests: drawn from a fixed seed in clusters, as real ones are, and their exact neighbours by the plainest
// arithmetic there is.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collection.h"

namespace dormouse::search {

std::vector<float> clustered_vectors(size_t n, size_t dimension, unsigned seed);
// Row numbers of the k nearest, in double precision; equal distances by row.
std::vector<uint32_t> exact_nearest(const std::vector<float>& rows, const float* query, size_t dimension, size_t k,
                                    Metric metric);
// Rows with the ids first, first + 1 ...; borrows the vectors.
Rows numbered_rows(const std::vector<float>& vectors, size_t dimension, int64_t first = 0);
std::vector<int64_t> numbers(const std::vector<Hit>& hits);
// One answer to one query.
std::vector<Hit> ask(const Collection& collection, const float* query, const Question& question);
// Share of `wanted` that is in `found`.
double recall(const std::vector<int64_t>& found, const std::vector<uint32_t>& wanted);

inline const CheckCancelled kNever = [] {};

}  // namespace dormouse::search
