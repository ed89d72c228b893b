#include "rank.h"

#include <catch2/catch.hpp>

namespace dormouse::rank {
namespace {

using Order = std::vector<size_t>;

}  // namespace

TEST_CASE("ranks add up to the scores computed by hand") {
  // a is first and third, b second and first, c third, d second of the other list.
  const std::vector<Fused> fused = fuse({{{"a", "b", "c"}, 1}, {{"b", "d", "a"}, 0.5}}, 10, 10);
  REQUIRE(fused.size() == 4);
  CHECK(fused[0].position == 0);  // a: 1/11 + 0.5/13 = 0.12937
  CHECK(fused[0].score == Approx(1.0 / 11 + 0.5 / 13));
  CHECK(fused[1].position == 1);  // b: 1/12 + 0.5/11 = 0.12879
  CHECK(fused[1].score == Approx(1.0 / 12 + 0.5 / 11));
  CHECK(fused[2].score == Approx(1.0 / 13));  // c
  CHECK(fused[3].list == 1);                  // d
  CHECK(fused[3].score == Approx(0.5 / 12));
}

TEST_CASE("a list of weight zero is left out and equal hits keep their order") {
  const std::vector<Fused> fused = fuse({{{"a", "b"}, 0}, {{"c"}, 1}, {{"d"}, 1}}, 60, 10);
  REQUIRE(fused.size() == 2);
  CHECK(fused[0].list == 1);
  CHECK(fused[1].list == 2);
}

TEST_CASE("a hit that a list has twice counts once") {
  const std::vector<Fused> fused = fuse({{{"a", "a", "b"}, 1}}, 0, 10);
  REQUIRE(fused.size() == 2);
  CHECK(fused[0].score == Approx(1));
  CHECK(fused[1].score == Approx(1.0 / 3));
}

TEST_CASE("no more hits come than are asked for") {
  CHECK(fuse({{{"a", "b", "c"}, 1}}, 60, 2).size() == 2);
  CHECK(fuse({}, 60, 2).empty());
  CHECK(fuse({{{}, 1}}, 60, 2).empty());
}

TEST_CASE("a repetition comes after what is new") {
  // The second is a copy of the first; the third is at a right angle and less relevant.
  const std::vector<float> vectors = {1, 0, 2, 0, 0, 1};
  const std::vector<double> relevance = {10, 9, 5};
  CHECK(diversify(relevance, vectors.data(), 2, 1, 3) == Order{0, 1, 2});
  // 0.5 * 0.9 - 0.5 * 1 is less than 0.5 * 0.5 - 0.
  CHECK(diversify(relevance, vectors.data(), 2, 0.5, 3) == Order{0, 2, 1});
  CHECK(diversify(relevance, vectors.data(), 2, 0.5, 2) == Order{0, 2});
}

TEST_CASE("similarity is that to the nearest one chosen before") {
  // Three directions; the last is near the second: after 0 and 1 it waits for 3.
  const std::vector<float> vectors = {1, 0, 0, 0, 1, 0, 0, 0.9f, 0.1f, 0, 0, 1};
  CHECK(diversify({4, 3.9, 3.8, 3.7}, vectors.data(), 3, 0.5, 4) == Order{0, 1, 3, 2});
}

TEST_CASE("hits without relevance or direction keep their order") {
  const std::vector<float> zeros(6);
  CHECK(diversify({0, 0, 0}, zeros.data(), 2, 0.5, 3) == Order{0, 1, 2});
  CHECK(diversify({}, nullptr, 2, 0.5, 3).empty());
}

}  // namespace dormouse::rank
