#include <catch2/catch.hpp>

#include "policy_driver.h"

namespace dormouse::cache_memory {
namespace {
using Keys = std::vector<int>;
}

TEST_CASE("lru lets go of the one used longest ago") {
  PolicyDriver lru(make_policy("lru", {}), 3);
  lru.use(1);
  lru.use(2);
  lru.use(3);
  lru.use(1);
  CHECK(lru.use(4) == Keys{2});
  lru.use(3);
  CHECK(lru.use(5) == Keys{1});
  CHECK(lru.use(6) == Keys{4});
}

TEST_CASE("lru makes room for a large one by as many small ones as it takes") {
  PolicyDriver lru(make_policy("lru", {}), 10);
  for (int key = 1; key <= 5; ++key) lru.use(key, 2);
  CHECK(lru.use(9, 5) == Keys{1, 2, 3});
  lru.remove(4);
  CHECK(lru.use(10, 3).empty());
  CHECK(lru.used() == 10);
}

}  // namespace dormouse::cache_memory
