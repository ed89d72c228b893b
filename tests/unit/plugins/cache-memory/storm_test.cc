// All functions of a space from several threads. What must hold whatever the interleaving: values are whole and belong
// to their key, nothing purged is found after the purge, the bound holds.
#include <atomic>
#include <catch2/catch.hpp>
#include <random>
#include <thread>

#include "space_driver.h"

namespace dormouse::cache_memory {
namespace {

constexpr int kThreads = 4;
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int kOperations = 10'000;
#else
constexpr int kOperations = 60'000;
#endif

// A value that tells its key and whether it is whole.
std::string value_of(uint64_t key, uint64_t random) {
  return std::to_string(key) + ":" + std::string(random % 400, static_cast<char>('a' + key % 26));
}
bool is_value_of(uint64_t key, std::string_view value) {
  const std::string begin = std::to_string(key) + ":";
  return value.substr(0, begin.size()) == begin &&
         value.substr(begin.size()).find_first_not_of(static_cast<char>('a' + key % 26)) == std::string_view::npos;
}

int32_t put(Space& space, const std::string& key, const std::string& value, const std::string& tag, uint64_t epoch,
            int64_t expires, int64_t now) {
  const dm_cache_tag tags[] = {{tag.data(), tag.size()}, {"all", 3}};
  dm_cache_entry entry{};
  entry.key = key.data();
  entry.key_size = key.size();
  entry.value = value.data();
  entry.value_size = value.size();
  entry.tags = tags;
  entry.tag_count = 2;
  entry.expires_ns = expires;
  entry.epoch = epoch;
  return space.put(entry, now);
}

}  // namespace

TEST_CASE("gets and puts and purges and trims and new limits from several threads leave a space whole") {
  for (const char* policy : {"s3-fifo", "w-tinylfu", "sieve", "lru", "gdsf"}) {
    SpaceDriver driver(256 << 10, policy, 4);
    Space& space = driver.space;
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int id = 0; id < kThreads; ++id) {
      threads.emplace_back([&, id] {
        std::mt19937_64 random(static_cast<uint64_t>(id));
        for (int64_t i = 0; i < kOperations; ++i) {
          const uint64_t number = random() % 2000;
          const std::string key = "key" + std::to_string(number);
          dm_cache_hit hit{};
          uint64_t epoch = 0;
          if (space.get(key, i, hit, epoch) == DM_OK) {
            if (i % 64 == 0) std::this_thread::yield();  // others may evict it meanwhile
            wrong += !is_value_of(number, {static_cast<const char*>(hit.value), hit.value_size});
            space.unpin(hit.pin);
          } else {
            put(space, key, value_of(number, random()), "tag" + std::to_string(number % 10), epoch,
                random() % 2 ? INT64_MAX : i + 1000, i);
          }
          const uint64_t chance = random() % 2000;
          const std::string tag = "tag" + std::to_string(number % 10);
          const dm_cache_tag view{tag.data(), tag.size()};
          if (chance < 10) space.purge(&view);
          if (chance == 11) space.purge(nullptr);
          if (chance == 12) space.trim(i);
          if (chance == 13) space.set_limits(policy, number % 2 ? 256 << 10 : 64 << 10);
          if (chance == 14) space.remove(key);
          if (chance > 1990) {
            dm_cache_stats stats{};
            space.stats(stats);
            wrong += stats.bytes > 256 << 10;
          }
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    INFO(policy);
    CHECK(wrong == 0);
    space.purge(nullptr);
    CHECK(driver.stats().entries == 0);
  }
}

// A source of truth with a version, and loaders that read it, take their time, and put what they read. Who purges
// raises the version first. After the purge nobody may find an older version, however late a loader was.
TEST_CASE("no value older than a purge is found after it") {
  for (const bool by_tag : {true, false}) {
    SpaceDriver driver(1 << 20, "s3-fifo", 4);
    Space& space = driver.space;
    constexpr int kKeys = 16;
    std::atomic<uint64_t> version{1};
    std::atomic<uint64_t> purged{0};  // what is older must not be found
    std::atomic<bool> over{false};
    std::atomic<int> stale{0};
    std::atomic<uint64_t> found{0}, cancelled{0};
    std::vector<std::thread> loaders;
    for (int id = 0; id < kThreads - 1; ++id) {
      loaders.emplace_back([&, id] {
        std::mt19937_64 random(static_cast<uint64_t>(id));
        while (!over) {
          const std::string key = "key" + std::to_string(random() % kKeys);
          const uint64_t floor = purged.load();
          dm_cache_hit hit{};
          uint64_t epoch = 0;
          if (space.get(key, 0, hit, epoch) == DM_OK) {
            ++found;
            stale += std::stoull(std::string(static_cast<const char*>(hit.value), hit.value_size)) < floor;
            space.unpin(hit.pin);
            continue;
          }
          const std::string value = std::to_string(version.load());
          if (random() % 4 == 0) std::this_thread::yield();
          cancelled += put(space, key, value, "tag", epoch, INT64_MAX, 0) == DM_CANCELLED;
        }
      });
    }
    const dm_cache_tag tag{"all", 3};
    // Until both have happened; how soon is the scheduler's choice.
    for (int i = 0; i < kOperations / 30 || ((found == 0 || cancelled == 0) && i < 1'000'000); ++i) {
      const uint64_t next = ++version;
      space.purge(by_tag ? &tag : nullptr);
      purged = next;
      std::this_thread::yield();
    }
    over = true;
    for (std::thread& loader : loaders) loader.join();
    CHECK(stale == 0);
    CHECK(found > 0);
    CHECK(cancelled > 0);
  }
}

}  // namespace dormouse::cache_memory
