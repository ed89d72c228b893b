#include <catch2/catch.hpp>

#include "policy_driver.h"

namespace dormouse::cache_memory {
namespace {
using Keys = std::vector<int>;
}

// The queue is written newest first, a mark as *, the hand as >.
TEST_CASE("sieve spares the marked ones once and goes on from where its hand stopped") {
  PolicyDriver sieve(make_policy("sieve", {}), 4);
  for (int key = 1; key <= 4; ++key) sieve.use(key);
  sieve.use(1);
  sieve.use(3);                    // 4 3* 2 >1*
  CHECK(sieve.use(5) == Keys{2});  // 5 4 >3* 1
  CHECK(sieve.use(6) == Keys{4});  // 6 >5 3 1: the hand took the mark of 3 and does not go back to 1
  CHECK(sieve.use(7) == Keys{5});  // 7 >6 3 1
  sieve.use(6);
  sieve.use(7);                    // 7* >6* 3 1
  CHECK(sieve.use(8) == Keys{1});  // past the newest it begins again at the oldest; 8 7 6 >3
  CHECK(sieve.use(9) == Keys{3});
}

TEST_CASE("sieve keeps its place when the one under its hand is removed") {
  PolicyDriver sieve(make_policy("sieve", {}), 4);
  for (int key = 1; key <= 4; ++key) sieve.use(key);
  CHECK(sieve.use(5) == Keys{1});  // 5 4 3 >2
  sieve.remove(2);                 // 5 4 >3
  sieve.use(6);
  CHECK(sieve.use(7) == Keys{3});
}

}  // namespace dormouse::cache_memory
