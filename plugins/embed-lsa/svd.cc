#include "svd.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace dormouse::lsa {
namespace {

constexpr size_t kRowsBetweenChecks = 1024;

// Dense, row by row.
struct Matrix {
  Matrix(size_t r, size_t c) : rows(r), columns(c), data(r * c) {}
  float* row(size_t i) { return &data[i * columns]; }
  const float* row(size_t i) const { return &data[i * columns]; }
  size_t rows, columns;
  std::vector<float> data;
};

void add_scaled(const float* from, float factor, size_t n, float* to) {
  for (size_t i = 0; i < n; ++i) to[i] += factor * from[i];
}

// In sixteen sums side by side: the order of a single one would forbid the compiler to use vectors.
double dot(const float* a, const float* b, size_t n) {
  constexpr size_t kLanes = 16;
  float lanes[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (size_t k = 0; k < kLanes; ++k) lanes[k] += a[i + k] * b[i + k];
  }
  double sum = 0;
  for (const float lane : lanes) sum += static_cast<double>(lane);
  for (; i < n; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

double dot(const double* a, const double* b, size_t n) {
  constexpr size_t kLanes = 8;
  double lanes[kLanes] = {};
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (size_t k = 0; k < kLanes; ++k) lanes[k] += a[i + k] * b[i + k];
  }
  double sum = std::accumulate(lanes, lanes + kLanes, 0.0);
  for (; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

// Signs by a counter: as good as normal numbers for a projection, and the same on every machine.
void fill_with_signs(uint64_t seed, Matrix* matrix) {
  uint64_t state = seed;
  for (float& x : matrix->data) {
    state += 0x9E3779B97F4A7C15u;
    uint64_t z = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    x = (z ^ (z >> 31)) & 1 ? 1.0f : -1.0f;
  }
}

class Iteration {
 public:
  Iteration(const SparseRows& matrix, size_t width, const std::function<void(double)>& on_share, double passes)
      : matrix_(matrix), width_(width), on_share_(on_share), passes_(passes) {}

  // to = matrix * from: one row for each of the matrix.
  void multiply(const Matrix& from, Matrix* to) {
    std::fill(to->data.begin(), to->data.end(), 0.0f);
    each_entry([&](size_t row, SparseRows::Entry e) { add_scaled(from.row(e.column), e.value, width_, to->row(row)); });
  }
  // to = transposed matrix * from: one row for each column of the matrix.
  void multiply_transposed(const Matrix& from, Matrix* to) {
    std::fill(to->data.begin(), to->data.end(), 0.0f);
    each_entry([&](size_t row, SparseRows::Entry e) { add_scaled(from.row(row), e.value, width_, to->row(e.column)); });
  }

 private:
  template <class Visit>
  void each_entry(Visit visit) {
    size_t at = 0;
    for (size_t row = 0; row < matrix_.rows(); ++row) {
      if (row % kRowsBetweenChecks == 0) tell(static_cast<double>(row) / static_cast<double>(matrix_.rows()));
      for (; at < matrix_.ends[row]; ++at) visit(row, matrix_.entries[at]);
    }
    ++done_;
  }
  void tell(double of_this_pass) const { on_share_((done_ + of_this_pass) / passes_); }

  const SparseRows& matrix_;
  const size_t width_;
  const std::function<void(double)>& on_share_;
  const double passes_;
  double done_ = 0;
};

// Makes the columns orthogonal and of length 1; one that says nothing new becomes zero. Gram and Schmidt on the
// transposed matrix, each column twice, which is enough.
void orthonormalise(Matrix* matrix) {
  Matrix columns(matrix->columns, matrix->rows);
  for (size_t i = 0; i < matrix->rows; ++i) {
    for (size_t k = 0; k < matrix->columns; ++k) columns.row(k)[i] = matrix->row(i)[k];
  }
  constexpr double kNothingNew = 1e-5;  // of the length before
  for (size_t k = 0; k < columns.rows; ++k) {
    float* column = columns.row(k);
    const double before = std::sqrt(dot(column, column, columns.columns));
    for (int turn = 0; turn < 2; ++turn) {
      for (size_t other = 0; other < k; ++other) {
        const double along = dot(columns.row(other), column, columns.columns);
        add_scaled(columns.row(other), static_cast<float>(-along), columns.columns, column);
      }
    }
    const double length = std::sqrt(dot(column, column, columns.columns));
    const double scale = length > kNothingNew * before && length > 0 ? 1 / length : 0;
    for (size_t i = 0; i < columns.columns; ++i) column[i] = static_cast<float>(column[i] * scale);
  }
  for (size_t i = 0; i < matrix->rows; ++i) {
    for (size_t k = 0; k < matrix->columns; ++k) matrix->row(i)[k] = columns.row(k)[i];
  }
}

// Products of all columns with each other.
std::vector<double> gram(const Matrix& matrix) {
  const size_t n = matrix.columns;
  std::vector<double> products(n * n);
  std::vector<double> wide(n);
  for (size_t i = 0; i < matrix.rows; ++i) {
    const float* row = matrix.row(i);
    for (size_t a = 0; a < n; ++a) wide[a] = static_cast<double>(row[a]);
    for (size_t a = 0; a < n; ++a) {
      if (wide[a] == 0) continue;
      double* to = &products[a * n];
      for (size_t b = 0; b <= a; ++b) to[b] += wide[a] * wide[b];
    }
  }
  for (size_t a = 0; a < n; ++a) {
    for (size_t b = 0; b < a; ++b) products[b * n + a] = products[a * n + b];
  }
  return products;
}

}  // namespace

// Jacobi's rotations from one side: rows are turned against each other until all are orthogonal. Then each is an
// eigenvector times its eigenvalue.
Eigen symmetric_eigen(std::vector<double> matrix, size_t n) {
  constexpr int kSweepsMax = 40;
  constexpr double kOrthogonal = 1e-12;
  bool turned = true;
  for (int sweep = 0; sweep < kSweepsMax && turned; ++sweep) {
    turned = false;
    for (size_t p = 0; p < n; ++p) {
      for (size_t q = p + 1; q < n; ++q) {
        double *a = &matrix[p * n], *b = &matrix[q * n];
        const double aa = dot(a, a, n), bb = dot(b, b, n), ab = dot(a, b, n);
        if (std::fabs(ab) <= kOrthogonal * std::sqrt(aa * bb) || ab == 0) continue;
        turned = true;
        const double zeta = (bb - aa) / (2 * ab);
        const double t = (zeta >= 0 ? 1 : -1) / (std::fabs(zeta) + std::sqrt(1 + zeta * zeta));
        const double c = 1 / std::sqrt(1 + t * t), s = c * t;
        for (size_t i = 0; i < n; ++i) {
          const double x = a[i], y = b[i];
          a[i] = c * x - s * y;
          b[i] = s * x + c * y;
        }
      }
    }
  }
  std::vector<double> lengths(n);
  for (size_t i = 0; i < n; ++i) lengths[i] = std::sqrt(dot(&matrix[i * n], &matrix[i * n], n));
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return lengths[a] > lengths[b]; });
  Eigen eigen;
  for (const size_t i : order) {
    const double scale = lengths[i] > 0 ? 1 / lengths[i] : 0;
    eigen.values.push_back(lengths[i]);
    for (size_t k = 0; k < n; ++k) eigen.vectors.push_back(matrix[i * n + k] * scale);
  }
  return eigen;
}

Svd truncated_svd(const SparseRows& matrix, const SvdOptions& options, const std::function<void(double)>& on_share) {
  const size_t width =
      std::min({size_t{options.rank} + options.spare, matrix.rows(), static_cast<size_t>(matrix.columns)});
  Svd svd;
  if (width == 0) return svd;
  Iteration iteration(matrix, width, on_share, 2.0 * options.iterations + 3);
  Matrix right(matrix.columns, width), left(matrix.rows(), width);
  fill_with_signs(options.seed, &right);
  iteration.multiply(right, &left);
  orthonormalise(&left);
  for (uint32_t i = 0; i < options.iterations; ++i) {
    iteration.multiply_transposed(left, &right);
    iteration.multiply(right, &left);
    orthonormalise(&left);
  }
  iteration.multiply_transposed(left, &right);
  // `right` is now the matrix seen from an orthonormal basis: its own small decomposition is what is left to do.
  const Eigen eigen = symmetric_eigen(gram(right), width);
  constexpr double kNothing = 1e-9;  // of the largest: rounding, not a direction
  for (const double value : eigen.values) {
    if (svd.values.size() == options.rank || value <= kNothing * eigen.values[0]) break;
    svd.values.push_back(std::sqrt(value));
  }
  const size_t rank = svd.values.size();
  if (rank == 0) return svd;  // nothing but zeros
  svd.directions.resize(matrix.columns * rank);
  std::vector<float> mixing(width * rank);  // by row of `right`, then direction
  for (size_t k = 0; k < rank; ++k) {
    for (size_t a = 0; a < width; ++a)
      mixing[a * rank + k] = static_cast<float>(eigen.vectors[k * width + a] / svd.values[k]);
  }
  for (size_t column = 0; column < matrix.columns; ++column) {
    if (column % kRowsBetweenChecks == 0) on_share(1);
    for (size_t a = 0; a < width; ++a)
      add_scaled(&mixing[a * rank], right.row(column)[a], rank, &svd.directions[column * rank]);
  }
  return svd;
}

}  // namespace dormouse::lsa
