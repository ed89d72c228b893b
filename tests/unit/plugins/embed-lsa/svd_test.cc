#include "svd.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <random>

namespace dormouse::lsa {
namespace {

SparseRows sparse(const std::vector<std::vector<float>>& dense) {
  SparseRows rows;
  rows.columns = static_cast<uint32_t>(dense[0].size());
  for (const auto& row : dense) {
    for (uint32_t i = 0; i < row.size(); ++i) {
      if (row[i] != 0) rows.entries.push_back({i, row[i]});
    }
    rows.end_row();
  }
  return rows;
}

Svd svd_of(const std::vector<std::vector<float>>& dense, uint32_t rank) {
  SvdOptions options;
  options.rank = rank;
  return truncated_svd(sparse(dense), options, [](double) {});
}

}  // namespace

TEST_CASE("singular values of a matrix known by hand come out") {
  // A^T A is [[25 20] [20 25]]: eigenvalues 45 along (1 1) and 5 along (1 -1).
  const Svd svd = svd_of({{3, 0}, {4, 5}}, 2);
  REQUIRE(svd.values.size() == 2);
  CHECK(svd.values[0] == Approx(std::sqrt(45.0)).epsilon(1e-5));
  CHECK(svd.values[1] == Approx(std::sqrt(5.0)).epsilon(1e-5));
  const double half = std::sqrt(0.5);
  CHECK(std::fabs(svd.directions[0]) == Approx(half).epsilon(1e-4));
  CHECK(svd.directions[0] == Approx(svd.directions[2]).epsilon(1e-4));   // of the first direction: both columns alike
  CHECK(svd.directions[1] == Approx(-svd.directions[3]).epsilon(1e-4));  // of the second: opposite
}

TEST_CASE("a matrix of rank one has one direction however many are asked for") {
  const Svd svd = svd_of({{1, 2, 0, 2}, {2, 4, 0, 4}, {-1, -2, 0, -2}}, 3);
  REQUIRE(svd.values.size() == 1);
  CHECK(svd.values[0] == Approx(std::sqrt(54.0)).epsilon(1e-5));
  CHECK(std::fabs(svd.directions[2]) < 1e-6);
  CHECK(svd.directions[1] == Approx(2 * svd.directions[0]).epsilon(1e-4));
}

TEST_CASE("the directions kept are those of the largest singular values") {
  // Orthogonal rows of lengths 40 down to 1 and more of them than are kept.
  std::vector<std::vector<float>> dense(40, std::vector<float>(60));
  for (size_t i = 0; i < 40; ++i) dense[(i * 7) % 40][i] = static_cast<float>(40 - i);
  const Svd svd = svd_of(dense, 5);
  REQUIRE(svd.values.size() == 5);
  for (size_t k = 0; k < 5; ++k) {
    INFO(k);
    CHECK(svd.values[k] == Approx(40.0 - static_cast<double>(k)).epsilon(0.01));
  }
}

TEST_CASE("eigenvalues add up to the trace and their vectors are orthogonal") {
  constexpr size_t n = 20;
  std::mt19937 random(3);
  std::vector<double> factor(n * n), matrix(n * n);
  for (double& x : factor) x = static_cast<double>(random() % 1000) / 500 - 1;
  double trace = 0;
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) {
      for (size_t k = 0; k < n; ++k) matrix[i * n + j] += factor[i * n + k] * factor[j * n + k];
    }
    trace += matrix[i * n + i];
  }
  const Eigen eigen = symmetric_eigen(matrix, n);
  double sum = 0;
  for (const double value : eigen.values) sum += value;
  CHECK(sum == Approx(trace));
  for (size_t a = 0; a < n; ++a) {
    for (size_t b = 0; b < n; ++b) {
      double product = 0;
      for (size_t k = 0; k < n; ++k) product += eigen.vectors[a * n + k] * eigen.vectors[b * n + k];
      CHECK(product == Approx(a == b ? 1.0 : 0.0).margin(1e-6));
    }
    for (size_t i = 0; i < n; ++i) {
      double turned = 0;
      for (size_t k = 0; k < n; ++k) turned += matrix[i * n + k] * eigen.vectors[a * n + k];
      CHECK(turned == Approx(eigen.values[a] * eigen.vectors[a * n + i]).margin(1e-6 * trace));
    }
  }
}

TEST_CASE("nothing has no direction") {
  SparseRows nothing;
  CHECK(truncated_svd(nothing, {}, [](double) {}).values.empty());
  CHECK(svd_of({{0, 0}, {0, 0}}, 2).values.empty());
}

TEST_CASE("a training that is stopped stops in the middle of the iterations") {
  struct Stop {};
  const SparseRows rows = sparse({{1, 2}, {3, 4}});
  CHECK_THROWS_AS(truncated_svd(rows, {},
                                [](double share) {
                                  if (share > 0.4) throw Stop();
                                }),
                  Stop);
}

}  // namespace dormouse::lsa
