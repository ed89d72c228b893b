// The largest singular values of a sparse matrix and the directions that belong to them, by random projection and
// subspace iteration (Halko, Martinsson, Tropp: "Finding structure with randomness", 2011).
// Not a library of linear algebra: one matrix, its right directions, no left ones. Pure; one thread; the same matrix
// and options give the same numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace dormouse::lsa {

// Rows of (column, value), packed one after the other.
struct SparseRows {
  struct Entry {
    uint32_t column;
    float value;
  };
  std::vector<Entry> entries;
  std::vector<size_t> ends;  // of each row, in entries
  uint32_t columns = 0;

  size_t rows() const { return ends.size(); }
  void end_row() { ends.push_back(entries.size()); }
};

struct SvdOptions {
  uint32_t rank = 256;
  uint32_t spare = 16;      // directions iterated beside those wanted
  uint32_t iterations = 3;  // each sharpens the small singular values
  uint64_t seed = 1;
};

struct Svd {
  std::vector<double> values;     // largest first; as many as there are, `rank` at most
  std::vector<float> directions;  // columns times values.size(), row by row: the share of each column in each direction
};

// on_share(done) is called now and then, with 0 to 1, and may throw to stop.
Svd truncated_svd(const SparseRows& matrix, const SvdOptions& options, const std::function<void(double)>& on_share);

// Eigenvalues, largest first, and their vectors (as rows) of a symmetric matrix without negative eigenvalues.
struct Eigen {
  std::vector<double> values, vectors;
};
Eigen symmetric_eigen(std::vector<double> matrix, size_t n);

}  // namespace dormouse::lsa
