#include <catch2/catch.hpp>

#include "policy_driver.h"

namespace dormouse::cache_memory {
namespace {
using Keys = std::vector<int>;

PolicyOptions with_small(double share) {
  PolicyOptions options;
  options.small_share = share;
  return options;
}
}  // namespace

TEST_CASE("s3-fifo lets a burst of new keys pass without touching those that were used again") {
  PolicyDriver s3(make_policy("s3-fifo", {}), 10);
  for (int key = 1; key <= 10; ++key) s3.use(key);
  for (int use = 0; use < 2; ++use)
    for (int key = 1; key <= 5; ++key) s3.use(key);
  // 6 to 10 were used once: they go, and the others, on their way out of the small queue, to the main one.
  for (int key = 100; key < 200; ++key) s3.use(key);
  for (int key = 1; key <= 5; ++key) CHECK(s3.has(key));
}

// Small queue and main queue oldest first, uses in the small queue as *.
TEST_CASE("s3-fifo promotes at two hits and not at one") {
  PolicyDriver s3(make_policy("s3-fifo", with_small(0.5)), 4);
  for (int key = 1; key <= 4; ++key) s3.use(key);
  s3.use(1);
  s3.use(2);
  s3.use(2);                    // small 1* 2** 3 4
  CHECK(s3.use(5) == Keys{1});  // small 2** 3 4 5
  CHECK(s3.use(6) == Keys{3});  // 2 went to main; small 4 5 6, main 2
  CHECK(s3.has(2));
}

TEST_CASE("s3-fifo takes who comes back soon to the main queue at once") {
  PolicyDriver s3(make_policy("s3-fifo", with_small(0.5)), 4);
  for (int key = 1; key <= 4; ++key) s3.use(key);
  CHECK(s3.use(5) == Keys{1});  // small 2 3 4 5, remembered 1
  CHECK(s3.use(1) == Keys{2});  // small 3 4 5, main 1
  CHECK(s3.use(6) == Keys{3});  // small 4 5 6, main 1
  CHECK(s3.use(7) == Keys{4});  // small 5 6 7
  CHECK(s3.has(1));
}

TEST_CASE("s3-fifo gives the main queue a round for each hit") {
  PolicyDriver s3(make_policy("s3-fifo", with_small(0.75)), 4);
  for (int key = 1; key <= 4; ++key) s3.use(key);
  s3.use(1);
  s3.use(1);
  s3.use(2);
  s3.use(2);                    // small 1** 2** 3 4
  CHECK(s3.use(5) == Keys{1});  // 1 and 2 went to main; then main had to give, where neither was hit
  CHECK(s3.has(2));
}

TEST_CASE("s3-fifo without a memory of the evicted does without") {
  PolicyOptions options = with_small(0.5);
  options.ghost_share = 0;
  PolicyDriver s3(make_policy("s3-fifo", options), 4);
  for (int key = 1; key <= 4; ++key) s3.use(key);
  s3.use(5);
  s3.use(1);
  CHECK(s3.policy().bytes() == 0);
  CHECK(s3.use(6) == Keys{3});
  CHECK(s3.use(7) == Keys{4});
  CHECK(s3.use(8) == Keys{5});
  CHECK(s3.use(9) == Keys{1});  // as new as any
}

}  // namespace dormouse::cache_memory
