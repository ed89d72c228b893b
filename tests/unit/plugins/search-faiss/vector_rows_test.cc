#include "vector_rows.h"

#include <catch2/catch.hpp>
#include <cstdint>

#include "kernels.h"
#include "vectors.h"

namespace dormouse::search {

TEST_CASE("rows are aligned and padded with zeros in every block") {
  for (const size_t dimension : {1, 16, 100, 4096}) {
    const size_t n = 4096 * 700 / dimension;
    std::vector<float> vectors(n * dimension);
    for (size_t i = 0; i < vectors.size(); ++i) vectors[i] = static_cast<float>(i % 1009) + 1;
    VectorRows rows(dimension);
    rows.append(vectors.data(), n / 2);
    const float* first = rows.row(0);
    rows.append(vectors.data() + n / 2 * dimension, n - n / 2);
    CHECK(rows.row(0) == first);  // what is there does not move
    REQUIRE(rows.size() == n);
    for (size_t i = 0; i < n; i += 1 + n / 1000) {
      REQUIRE(reinterpret_cast<uintptr_t>(rows.row(i)) % 64 == 0);
      REQUIRE(rows.row(i)[0] == vectors[i * dimension]);
      REQUIRE(rows.row(i)[dimension - 1] == vectors[(i + 1) * dimension - 1]);
      for (size_t j = dimension; j < rows.stride(); ++j) REQUIRE(rows.row(i)[j] == 0);
    }
  }
}

TEST_CASE("a run ends where a block ends") {
  VectorRows rows(4096);
  rows.reserve(1000);
  for (int i = 0; i < 1000; ++i) rows.append_row();
  size_t covered = 0;
  while (covered < 1000) {
    const size_t run = rows.run(covered, 1000 - covered);
    REQUIRE(run > 0);
    CHECK(rows.row(covered + run - 1) == rows.row(covered) + (run - 1) * rows.stride());
    covered += run;
  }
  CHECK(covered == 1000);
}

}  // namespace dormouse::search
