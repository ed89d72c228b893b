#include "space.h"

#include <malloc.h>

#include <catch2/catch.hpp>
#include <random>

#include "dormouse/plugin.hpp"
#include "space_driver.h"

namespace dormouse::cache_memory {
namespace {

constexpr const char* kPolicies[] = {"s3-fifo", "w-tinylfu", "sieve", "lru", "gdsf"};

std::string key(int i) {
  return "key/" + std::to_string(i);
}

}  // namespace

TEST_CASE("a value comes back as it was put and 8-byte aligned") {
  SpaceDriver cache(1 << 20);
  for (size_t size : {size_t{0}, size_t{1}, size_t{7}, size_t{8}, size_t{1000}, size_t{100'000}}) {
    const std::string name(1 + size % 13, 'k'), value(size, 'v');
    REQUIRE(cache.put(name, value) == DM_OK);
    dm_cache_hit hit{};
    uint64_t epoch = 0;
    REQUIRE(cache.space.get(name, 0, hit, epoch) == DM_OK);
    CHECK(std::string(static_cast<const char*>(hit.value), hit.value_size) == value);
    CHECK(reinterpret_cast<uintptr_t>(hit.value) % 8 == 0);
    cache.space.unpin(hit.pin);
  }
}

TEST_CASE("a second put of a key replaces the value") {
  for (const char* policy : kPolicies) {
    SpaceDriver cache(1 << 20, policy);
    REQUIRE(cache.put("k", "one") == DM_OK);
    CHECK(cache.get("k") == "one");
    REQUIRE(cache.put("k", "two") == DM_OK);
    CHECK(cache.get("k") == "two");
    CHECK(cache.stats().entries == 1);
    CHECK(cache.get("other") == std::nullopt);
    CHECK(cache.stats().evicted == 0);
  }
}

TEST_CASE("a pinned value stays where it is when it is replaced or evicted or purged") {
  SpaceDriver cache(64 << 10, "lru");
  REQUIRE(cache.put("k", "kept for its reader") == DM_OK);
  dm_cache_hit hit{};
  uint64_t epoch = 0;
  REQUIRE(cache.space.get("k", 0, hit, epoch) == DM_OK);
  SECTION("replaced") {
    REQUIRE(cache.put("k", "new") == DM_OK);
  }
  SECTION("evicted") {
    for (int i = 0; i < 2000; ++i) REQUIRE(cache.put(key(i), std::string(100, 'x')) == DM_OK);
    CHECK(cache.get("k") == std::nullopt);
  }
  SECTION("purged") {
    CHECK(cache.purge() == 1);
  }
  CHECK(std::string(static_cast<const char*>(hit.value), hit.value_size) == "kept for its reader");
  cache.space.unpin(hit.pin);
}

TEST_CASE("an entry is not found from the moment on at which it expires") {
  SpaceDriver cache(1 << 20);
  REQUIRE(cache.put("k", "v", {}, 1000, 0) == DM_OK);
  CHECK(cache.get("k", 999) == "v");
  CHECK(cache.get("k", 1000) == std::nullopt);
  CHECK(cache.stats().expired == 1);
  CHECK(cache.stats().entries == 0);
}

TEST_CASE("expired entries go by and by as others are put") {
  SpaceDriver cache(4 << 20);
  constexpr int64_t kSecond = 1'000'000'000;
  for (int i = 0; i < 1000; ++i) REQUIRE(cache.put(key(i), "v", {}, kSecond) == DM_OK);
  for (int i = 0; i < 1000; ++i) REQUIRE(cache.put(key(5000 + i), "v", {}, kNever, 10 * kSecond) == DM_OK);
  CHECK(cache.stats().expired == 1000);
  CHECK(cache.stats().entries == 1000);
}

TEST_CASE("a trim drops what has expired and gives back the memory of tables") {
  SpaceDriver cache(4 << 20);
  constexpr int64_t kSecond = 1'000'000'000;
  for (int i = 0; i < 20'000; ++i) cache.put(key(i), "v", {}, kSecond);  // more than fit: there are ghosts
  REQUIRE(cache.put("stays", "v") == DM_OK);
  const uint64_t before = cache.stats().bytes;
  cache.space.trim(10 * kSecond);
  CHECK(cache.stats().entries == 1);
  CHECK(cache.get("stays") == "v");
  CHECK(cache.stats().bytes < 2000);
  CHECK(before > 3 << 20);
}

TEST_CASE("the bound is never exceeded with values of all sizes and every policy") {
  constexpr uint64_t kBound = 512 << 10;
  for (const char* policy : kPolicies) {
    SpaceDriver cache(kBound, policy, 2);
    std::mt19937_64 random(3);
    for (int i = 0; i < 30'000; ++i) {
      const size_t size = random() % 100 == 0  ? random() % 60'000
                          : random() % 10 == 0 ? random() % 4000
                                               : random() % 200;
      const std::string name = key(static_cast<int>(random() % 5000));
      std::vector<std::string> tags;
      for (uint64_t tag = random() % 4; tag > 0; --tag) tags.push_back("tag/" + std::to_string(random() % 3000));
      if (!cache.get(name)) cache.put(name, std::string(size, 'v'), tags);
      if (cache.stats().bytes > kBound) FAIL(policy << " has " << cache.stats().bytes << " bytes after " << i);
    }
    CHECK(cache.stats().bytes > kBound * 8 / 10);
    CHECK(cache.stats().evicted > 1000);
  }
}

// What the allocator says beside what the space says. Without a sanitizer, whose allocator has no mallinfo.
TEST_CASE("the bytes of a space are those that the allocator gave") {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  for (const char* policy : kPolicies) {
    for (const size_t size : {size_t{20}, size_t{300}, size_t{5000}}) {
      const auto in_use = [] {
        const struct mallinfo2 info = mallinfo2();
        return static_cast<double>(info.uordblks + info.hblkhd);
      };
      const double before = in_use();
      SpaceDriver cache(8 << 20, policy, 2);
      std::string name(30, 'k');
      const std::string value(size, 'v');
      for (int i = 0; i < 60'000; ++i) {
        std::snprintf(name.data(), name.size(), "%d", i);
        dm_cache_tag tag{name.data(), static_cast<size_t>(i % 7)};
        dm_cache_entry entry{};
        entry.key = name.data();
        entry.key_size = name.size();
        entry.value = value.data();
        entry.value_size = value.size();
        entry.tags = &tag;
        entry.tag_count = 1;
        entry.expires_ns = kNever;
        REQUIRE(cache.space.put_now(entry, 0) == DM_OK);
      }
      const double said = static_cast<double>(cache.stats().bytes), taken = in_use() - before;
      INFO(policy << ", values of " << size << ": said " << said << ", taken " << taken);
      CHECK(taken < said * 1.03);
      CHECK(taken > said * 0.93);
    }
  }
#endif
}

TEST_CASE("an entry larger than half a shard is refused and the older one is gone") {
  SpaceDriver cache(256 << 10);
  REQUIRE(cache.put("k", "small") == DM_OK);
  CHECK(cache.put("k", std::string(140 << 10, 'x')) == DM_RESOURCE_EXHAUSTED);
  CHECK(cache.get("k") == std::nullopt);
  CHECK(cache.put("k", std::string(100 << 10, 'x')) == DM_OK);
  CHECK(cache.put("k", std::string(5 << 20, 'x')) == DM_RESOURCE_EXHAUSTED);
  CHECK(cache.get("k") == std::nullopt);
  CHECK(cache.stats().refused == 2);
}

TEST_CASE("what the contract does not allow is refused") {
  SpaceDriver cache(4 << 20);
  CHECK(cache.put("", "v") == DM_INVALID_ARGUMENT);
  CHECK(cache.put(std::string(65'537, 'k'), "v") == DM_INVALID_ARGUMENT);
  CHECK(cache.put(std::string(65'536, 'k'), "v") == DM_OK);
  REQUIRE(cache.put("k", "v") == DM_OK);
  CHECK(cache.put("k", "w", std::vector<std::string>(17, "tag")) == DM_INVALID_ARGUMENT);
  CHECK(cache.get("k") == std::nullopt);
  CHECK(cache.put("k", "w", {std::string(257, 't')}) == DM_INVALID_ARGUMENT);
  CHECK(cache.put("k", "w", {std::string(256, 't'), ""}) == DM_OK);
}

TEST_CASE("a purge by tag takes all that has the tag and nothing else") {
  SpaceDriver cache(8 << 20, "s3-fifo", 4);
  for (int i = 0; i < 3000; ++i)
    REQUIRE(cache.put(key(i), "v", {i % 3 == 0 ? "a" : "b", "all", "own/" + std::to_string(i)}) == DM_OK);
  CHECK(cache.purge("a") == 1000);
  for (int i = 0; i < 3000; ++i) CHECK(cache.get(key(i)).has_value() == (i % 3 != 0));
  CHECK(cache.purge("a") == 0);
  CHECK(cache.purge("nobody's") == 0);
  CHECK(cache.purge("own/1") == 1);
  REQUIRE(cache.put(key(0), "again", {"a"}) == DM_OK);
  CHECK(cache.purge("a") == 1);
  CHECK(cache.purge("all") == 1999);
  CHECK(cache.stats().entries == 0);
  CHECK(cache.stats().purged == 3001);
}

TEST_CASE("a count says what a purge would take and takes nothing") {
  SpaceDriver cache(8 << 20, "s3-fifo", 4);
  for (int i = 0; i < 3000; ++i) REQUIRE(cache.put(key(i), "v", {i % 3 == 0 ? "a" : "b", "all"}) == DM_OK);
  CHECK(cache.count() == 3000);
  CHECK(cache.count("a") == 1000);
  CHECK(cache.count("all") == 3000);
  CHECK(cache.count("nobody's") == 0);
  REQUIRE(cache.put(key(0), "of another tag", {"b"}) == DM_OK);
  CHECK(cache.count("a") == 999);
  CHECK(cache.count("b") == 2001);
  CHECK(cache.purge("a") == 999);
  CHECK(cache.count("a") == 0);
  CHECK(cache.count("all") == 2000);
  CHECK(cache.stats().entries == 2001);
}

TEST_CASE("a tag that an entry has twice counts once") {
  SpaceDriver cache(8 << 20);
  REQUIRE(cache.put("k", "v", {"t", "t", "u", "t"}) == DM_OK);
  CHECK(cache.count("t") == 1);
  CHECK(cache.purge("u") == 1);
  CHECK(cache.count("t") == 0);
  REQUIRE(cache.put("k", "v", {"t", "t"}) == DM_OK);
  CHECK(cache.purge("t") == 1);
}

TEST_CASE("tags leave no bytes behind when their entries have gone") {
  SpaceDriver cache(8 << 20);
  const uint64_t empty = cache.stats().bytes;
  for (int i = 0; i < 1000; ++i) REQUIRE(cache.put("k", "v", {"tag/" + std::to_string(i), "every"}) == DM_OK);
  CHECK(cache.purge("every") == 1);
  cache.space.trim(0);
  CHECK(cache.stats().bytes == empty);
}

TEST_CASE("a purge of everything leaves nothing to be found") {
  SpaceDriver cache(8 << 20, "w-tinylfu", 4);
  for (int i = 0; i < 1000; ++i) REQUIRE(cache.put(key(i), "v", {"t"}) == DM_OK);
  CHECK(cache.purge() == 1000);
  for (int i = 0; i < 1000; ++i) CHECK(cache.get(key(i)) == std::nullopt);
  REQUIRE(cache.put("k", "v", {"t"}) == DM_OK);
  CHECK(cache.purge("t") == 1);
}

TEST_CASE("what was made before a purge does not enter after it") {
  SpaceDriver cache(1 << 20, "s3-fifo", 4);
  CHECK(cache.get("k") == std::nullopt);
  const uint64_t missed_at = cache.epoch;
  const bool by_tag = GENERATE(true, false);
  by_tag ? cache.purge("some") : cache.purge();
  CHECK(cache.put("k", "stale", {}, kNever, 0, missed_at) == DM_CANCELLED);
  CHECK(cache.get("k") == std::nullopt);
  CHECK(cache.epoch != missed_at);
  CHECK(cache.put("k", "fresh", {}, kNever, 0, cache.epoch) == DM_OK);
  CHECK(cache.put("k", "stale", {}, kNever, 0, missed_at) == DM_CANCELLED);
  CHECK(cache.get("k") == std::nullopt);  // whose older entry it was is not known any more
}

TEST_CASE("a smaller bound takes effect at once and a larger one as well") {
  SpaceDriver cache(8 << 20, "lru", 2);
  for (int i = 0; i < 10'000; ++i) REQUIRE(cache.put(key(i), std::string(300, 'v')) == DM_OK);
  const uint64_t many = cache.stats().entries;
  cache.space.set_limits("lru", 100 << 10);
  CHECK(cache.stats().bytes <= 100 << 10);
  CHECK(cache.stats().max_bytes == 100 << 10);
  CHECK(cache.stats().entries > 50);
  CHECK(cache.get(key(9'999)).has_value());
  cache.space.set_limits("lru", 8 << 20);
  for (int i = 0; i < 10'000; ++i) REQUIRE(cache.put(key(i), std::string(300, 'v')) == DM_OK);
  CHECK(cache.stats().entries == many);
}

TEST_CASE("another policy starts empty and the same limits change nothing") {
  SpaceDriver cache(1 << 20, "lru");
  REQUIRE(cache.put("k", "v") == DM_OK);
  cache.space.set_limits("lru", 1 << 20);
  CHECK(cache.get("k") == "v");
  cache.space.set_limits("sieve", 1 << 20);
  CHECK(cache.get("k") == std::nullopt);
  CHECK(cache.space.eviction() == "sieve");
}

TEST_CASE("limits that make no space are refused with what is offered") {
  CHECK_THROWS_WITH(Space::check("clock", 1 << 20), Catch::Contains("'clock'") && Catch::Contains("s3-fifo"));
  CHECK_THROWS_WITH(Space::check("lru", 100), Catch::Contains("100 bytes") && Catch::Contains("8192"));
  Space::check("", Space::kBytesMin);
}

TEST_CASE("the smallest space with the most shards keeps something") {
  for (const char* policy : kPolicies) {
    SpaceDriver cache(Space::kBytesMin, policy, 64);
    CHECK(cache.space.shards() == 1);
    CHECK(cache.put("k", std::string(1000, 'v')) == DM_OK);
    CHECK(cache.get("k").has_value());
  }
}

TEST_CASE("hits and misses are counted") {
  SpaceDriver cache(1 << 20);
  cache.get("k");
  const uint64_t epoch = cache.epoch;
  REQUIRE(cache.put("k", "v", {}, kNever, 0, epoch) == DM_OK);
  cache.get("k");
  cache.get("k");
  CHECK(cache.stats().hits == 2);
  CHECK(cache.stats().misses == 1);
  CHECK(cache.stats().inserted == 1);
}

TEST_CASE("a large value makes room by many small ones without a long hold of the lock") {
  SpaceDriver cache(1 << 20, "lru");
  for (int i = 0; i < 10'000; ++i) cache.put(key(i), "v");
  REQUIRE(cache.put("large", std::string(400 << 10, 'x')) == DM_OK);
  CHECK(cache.get("large").has_value());
  CHECK(cache.stats().bytes <= 1 << 20);
}

}  // namespace dormouse::cache_memory
