#include <catch2/catch.hpp>

#include "policy_driver.h"
#include "w_tiny_lfu.h"

namespace dormouse::cache_memory {
namespace {
using Keys = std::vector<int>;

PolicyOptions window(double share, bool adaptive = false) {
  PolicyOptions options;
  options.window_share = share;
  options.adaptive = adaptive;
  return options;
}
}  // namespace

TEST_CASE("w-tinylfu refuses the newcomer that was seen less often than who would go") {
  PolicyDriver lfu(make_policy("w-tinylfu", window(0)), 4);
  for (int use = 0; use < 3; ++use)
    for (int key = 1; key <= 4; ++key) lfu.use(key);
  // A new key is in the window until the next one comes; then it is compared, and goes.
  CHECK(lfu.use(10).size() == 1);
  CHECK(lfu.use(11) == Keys{10});
  CHECK(lfu.use(12) == Keys{11});
}

TEST_CASE("w-tinylfu lets the newcomer in that was seen more often") {
  PolicyDriver lfu(make_policy("w-tinylfu", window(0)), 4);
  for (int key = 1; key <= 4; ++key) lfu.use(key);
  const Keys first = lfu.use(10);
  REQUIRE(first.size() == 1);
  for (int use = 0; use < 3; ++use) lfu.use(10);
  const Keys second = lfu.use(11);
  REQUIRE(second.size() == 1);
  CHECK(second[0] <= 4);
  CHECK(lfu.has(10));
}

TEST_CASE("w-tinylfu remembers how often a key was seen after it went") {
  PolicyDriver lfu(make_policy("w-tinylfu", window(0)), 4);
  for (int use = 0; use < 2; ++use)
    for (int key = 1; key <= 4; ++key) lfu.use(key);
  int next = 100;
  int tries = 0;
  for (; tries < 10; ++tries) {
    lfu.use(10);
    lfu.use(next++);  // sends 10 to the comparison
    if (lfu.has(10)) break;
  }
  CHECK(lfu.has(10));
  CHECK(tries == 2);  // the third time it has been seen more often than the others
}

TEST_CASE("w-tinylfu widens its window while recency pays and not while frequency does") {
  const auto share_after = [](bool recent) {
    auto policy = std::make_unique<WTinyLfu>(window(0.01, true));
    const WTinyLfu& lfu = *policy;
    PolicyDriver driver(std::move(policy), 200);
    uint64_t random = 1;
    for (int i = 0; i < 200'000; ++i) {
      random = random * 6364136223846793005u + 1442695040888963407u;
      const auto drawn = static_cast<int>(random >> 33);
      // Either each key comes three times within a short while and never again, or few of many come all the time.
      driver.use(recent ? i / 300 * 100 + i % 100 : drawn % 10 != 0 ? drawn / 10 % 180 : 1000 + i);
    }
    return lfu.window_share();
  };
  const double recent = share_after(true), frequent = share_after(false);
  CHECK(recent > 0.15);
  CHECK(frequent < recent / 2);
}

}  // namespace dormouse::cache_memory
