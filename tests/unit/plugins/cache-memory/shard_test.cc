#include "shard.h"

#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <string>

#include "space_driver.h"

namespace dormouse::cache_memory {
namespace {

std::string key(uint64_t i) {
  return "k" + std::to_string(i);
}

}  // namespace

// A space beside a map that knows what was put last: what is found is right, and what is not found was evicted,
// refused, purged or has expired, as the counts say.
TEST_CASE("nothing is found that was not put and nothing is lost that was not let go") {
  for (const char* policy : {"s3-fifo", "w-tinylfu", "sieve", "lru", "gdsf"}) {
    SpaceDriver cache(128 << 10, policy);
    std::mt19937_64 random(9);
    struct Put {
      std::string value;
      int64_t expires;
    };
    std::map<std::string, Put> put;
    uint64_t taken_out = 0;  // by replacing or removing what was still in
    for (int64_t now = 0; now < 40'000; ++now) {
      const std::string name = key(random() % 1000);
      const auto found = cache.get(name, now);
      const auto last = put.find(name);
      if (found) {
        REQUIRE(last != put.end());
        REQUIRE(*found == last->second.value);
        REQUIRE(now < last->second.expires);
      }
      if (random() % 20 == 0) {
        taken_out += cache.space.remove(name);
        put.erase(name);
      } else if (!found || random() % 20 == 0) {
        taken_out += found.has_value();
        const int64_t expires = random() % 3 == 0 ? now + 500 : kNever;
        put[name] = {std::string(random() % 300, static_cast<char>('a' + now % 26)), expires};
        REQUIRE(cache.put(name, put[name].value, {}, expires, now) == DM_OK);
      }
    }
    const dm_cache_stats stats = cache.stats();
    CHECK(stats.inserted == stats.entries + stats.evicted + stats.expired + stats.purged + taken_out);
    CHECK(stats.evicted > 100);
    CHECK(stats.expired > 100);
  }
}

TEST_CASE("a policy hears of a value that is replaced as of one that stays") {
  SpaceDriver cache(32 << 10, "s3-fifo");
  REQUIRE(cache.put("often", "v") == DM_OK);
  for (int i = 0; i < 3; ++i) cache.get("often");
  REQUIRE(cache.put("often", "w") == DM_OK);
  for (uint64_t i = 0; i < 300; ++i) REQUIRE(cache.put(key(i), std::string(100, 'x')) == DM_OK);
  CHECK(cache.get("often") == "w");
}

}  // namespace dormouse::cache_memory
