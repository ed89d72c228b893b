#include <catch2/catch.hpp>

#include "policy_driver.h"

namespace dormouse::cache_memory {
namespace {
using Keys = std::vector<int>;
}

TEST_CASE("gdsf lets go of the large one before the small one of the same cost") {
  PolicyDriver gdsf(make_policy("gdsf", {}), 12);
  gdsf.use(1, 2, 100);
  gdsf.use(2, 8, 100);
  gdsf.use(3, 2, 100);
  CHECK(gdsf.use(4, 4, 100) == Keys{2});
}

TEST_CASE("gdsf keeps what was expensive to make") {
  PolicyDriver gdsf(make_policy("gdsf", {}), 3);
  gdsf.use(1, 1, 1'000'000'000);
  gdsf.use(2, 1, 1'000'000);
  gdsf.use(3, 1, 5'000'000);
  CHECK(gdsf.use(4, 1, 5'000'000) == Keys{2});
  CHECK(gdsf.has(1));
}

TEST_CASE("gdsf lets the expensive one go when it is not used for long") {
  PolicyDriver gdsf(make_policy("gdsf", {}), 2);
  gdsf.use(1, 1, 10);
  // Each eviction raises the level by the cost of 1: after ten of them the new one is worth as much as the old.
  int evictions = 0;
  for (int key = 2; gdsf.has(1) && evictions < 100; ++key) evictions += static_cast<int>(gdsf.use(key, 1, 1).size());
  CHECK_FALSE(gdsf.has(1));
  CHECK(evictions >= 9);
  CHECK(evictions <= 12);
}

TEST_CASE("gdsf takes an unknown cost for that of a usual stage") {
  PolicyDriver gdsf(make_policy("gdsf", {}), 3);
  gdsf.use(1, 1, 0);
  gdsf.use(2, 1, 100'000);
  gdsf.use(3, 1, 10'000'000);
  CHECK(gdsf.use(4, 1, 10'000'000) == Keys{2});
  CHECK(gdsf.use(5, 1, 10'000'000) == Keys{1});
}

TEST_CASE("gdsf has room again after a trim that left it few") {
  PolicyDriver gdsf(make_policy("gdsf", {}), 100);
  gdsf.use(1);
  gdsf.policy().trim();
  const uint64_t growth = gdsf.policy().growth(), before = gdsf.policy().bytes();
  gdsf.use(2);
  CHECK(growth > 0);
  CHECK(gdsf.policy().bytes() == before + growth);
  for (int key = 3; key <= 100; ++key) CHECK(gdsf.use(key).empty());
}

}  // namespace dormouse::cache_memory
