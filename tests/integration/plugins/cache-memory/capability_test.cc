// dormouse.cache/1 through the function table.
#include "components/component.h"
#include "integration/plugins/cache-memory/cache_host.h"
#include "integration/plugins/cache-memory/loaded_plugin.h"

namespace dormouse {

TEST_CASE("the store may run on request threads and promises its capability") {
  CacheHost cache;
  REQUIRE(cache.put("k", text("v")).ok());
  const ComponentStatus status = cache.component.status();
  for (const std::string& reason : status.safety_reasons) UNSCOPED_INFO(reason);
  CHECK(status.safety == SafetyClass::unmap);
}

TEST_CASE("the function table keeps and finds and purges") {
  LoadedCache cache;
  void* space = cache.space("answers");
  uint64_t epoch = 0;
  CHECK(cache.get(space, "k", epoch) == "-");
  CHECK(cache.put(space, "k", "v", epoch, "t") == DM_OK);
  CHECK(cache.get(space, "k", epoch) == "v");
  const dm_cache_tag tag{"t", 1};
  uint64_t purged = 0;
  CHECK(cache.table->purge(space, &tag, &purged) == DM_OK);
  CHECK(purged == 1);
  CHECK(cache.put(space, "k", "stale", epoch) == DM_CANCELLED);
  CHECK(cache.get(space, "k", epoch) == "-");
  CHECK(cache.put(space, "k", "fresh", epoch) == DM_OK);
  CHECK(cache.table->purge(space, nullptr, &purged) == DM_OK);
  CHECK(purged == 1);
  dm_cache_stats stats{};
  stats.size = sizeof stats;
  cache.table->stats(space, &stats);
  CHECK(stats.entries == 0);
  CHECK(stats.hits == 1);
  CHECK(stats.misses == 2);
  CHECK(stats.inserted == 2);
  CHECK(stats.refused == 1);
  CHECK(stats.purged == 2);
  CHECK(stats.max_bytes == 1 << 20);
}

TEST_CASE("a space of the same name is the same one with new limits") {
  LoadedCache cache;
  void* space = cache.space("answers", 1 << 20, "lru");
  uint64_t epoch = 0;
  cache.get(space, "k", epoch);
  REQUIRE(cache.put(space, "k", "v", epoch) == DM_OK);
  CHECK(cache.space("answers", 2 << 20, "lru") == space);
  CHECK(cache.get(space, "k", epoch) == "v");
  CHECK(cache.space("others", 2 << 20, "lru") != space);
}

TEST_CASE("limits that cannot be are refused with what is offered") {
  LoadedCache cache;
  void* space = nullptr;
  CHECK(cache.open("answers", 1 << 20, "clock", &space) == DM_INVALID_ARGUMENT);
  CHECK(cache.message.find("w-tinylfu") != std::string::npos);
  CHECK(cache.open("answers", 10, "lru", &space) == DM_INVALID_ARGUMENT);
  CHECK(cache.message.find("8192") != std::string::npos);
  for (int i = 0; i < 64; ++i) CHECK(cache.open(std::to_string(i).c_str(), 1 << 20, "", &space) == DM_OK);
  CHECK(cache.open("one more", 1 << 20, "", &space) == DM_RESOURCE_EXHAUSTED);
}

}  // namespace dormouse
