#include "solver.h"

#include <catch2/catch.hpp>

namespace dormouse::intent {

TEST_CASE("texts of both sides are separated whichever comes first") {
  const std::vector<std::vector<Term>> texts = {{{0, 1}}, {{1, 1}}, {{0, 1}}, {{1, 1}}};
  Solver solver(texts, 2, {});
  for (bool first : {true, false}) {
    const std::vector<float> weights = solver.separate({first, !first, first, !first});
    REQUIRE(weights.size() == 3);
    CHECK((weights[0] > weights[1]) == first);
  }
}

TEST_CASE("the same question has the same answer bit by bit") {
  std::vector<std::vector<Term>> texts;
  std::vector<bool> positive;
  for (uint32_t i = 0; i < 60; ++i) {
    texts.push_back({{i % 7, 0.6f}, {7 + i % 5, 0.8f}});
    positive.push_back(i % 3 == 0);
  }
  Solver a(texts, 12, {}), b(texts, 12, {});
  const std::vector<float> first = a.separate(positive);
  a.separate(std::vector<bool>(positive.rbegin(), positive.rend()));
  CHECK(first == a.separate(positive));
  CHECK(first == b.separate(positive));
}

}  // namespace dormouse::intent
