#include "spec.h"

#include <catch2/catch.hpp>

#include "dormouse/value.hpp"

namespace dormouse::search {
namespace {

Spec pq(uint32_t dimension, uint32_t parts, uint32_t nbits = 8) {
  Spec spec;
  spec.kind = Kind::ivf_pq;
  spec.dimension = dimension;
  spec.pq_m = parts;
  spec.nbits = nbits;
  return spec;
}

}  // namespace

TEST_CASE("words of kinds and metrics are read as they are written") {
  for (const Kind kind : {Kind::flat, Kind::hnsw, Kind::ivf_flat, Kind::ivf_sq8, Kind::ivf_pq})
    CHECK(kind_of(word(kind)) == kind);
  for (const Metric metric : {Metric::l2, Metric::inner_product, Metric::cosine})
    CHECK(metric_of(word(metric)) == metric);
}

TEST_CASE("an unknown kind is refused with those there are") {
  CHECK_THROWS_WITH(kind_of("tree"), Catch::Contains("hnsw") && Catch::Contains("'tree'"));
}

TEST_CASE("parts of a vector divide its dimension") {
  CHECK(checked(pq(128, 0)).pq_m == 16);
  CHECK(checked(pq(384, 0)).pq_m == 48);
  CHECK(checked(pq(7, 0)).pq_m == 1);
  CHECK_THROWS_AS(checked(pq(128, 24)), Failure);
  CHECK_THROWS_AS(checked(pq(128, 16, 5)), Failure);
}

TEST_CASE("a dimension beyond the bound is refused") {
  CHECK_THROWS_AS(checked(pq(0, 0)), Failure);
  CHECK_THROWS_AS(checked(pq(4097, 0)), Failure);
  CHECK(checked(pq(4096, 0)).dimension == 4096);
}

}  // namespace dormouse::search
