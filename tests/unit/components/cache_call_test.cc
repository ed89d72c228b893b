// The way into a component's cache, with a table whose functions are the test's.
#include "components/cache_call.h"

#include <catch2/catch.hpp>
#include <stdexcept>

#include "life_host.h"

using namespace dormouse;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

// What the store does, and what it was given. One thread, one test at a time.
struct Store {
  int32_t status = DM_OK;
  bool throws = false;
  std::vector<std::byte> value;
  unsigned pinned = 0;
  std::string key;
  std::vector<std::string> tags;
  int64_t now_ns = 0, expires_ns = 0;
} store;

int32_t ended() {
  if (store.throws) throw std::runtime_error("boom");
  return store.status;
}

const dm_cache kTable{sizeof(dm_cache),
                      0,
                      [](void*, const dm_call* call, const char* name, const dm_cache_limits* limits, void** space) {
                        if (std::string(limits->eviction) == "none")
                          return call->fail(call, DM_INVALID_ARGUMENT, "no such policy");
                        store.key = name;
                        if (store.status == DM_OK) *space = &store;
                        return int32_t{DM_OK};
                      },
                      [](void*, const void* key, size_t size, int64_t now_ns, dm_cache_hit* hit, uint64_t* epoch) {
                        store.key.assign(static_cast<const char*>(key), size);
                        store.now_ns = now_ns;
                        *epoch = 9;
                        if (const int32_t status = ended(); status != DM_OK) return status;
                        ++store.pinned;
                        hit->value = store.value.data();
                        hit->value_size = store.value.size();
                        return int32_t{DM_OK};
                      },
                      [](void*, void*) { --store.pinned; },
                      [](void*, const dm_cache_entry* entry, int64_t) {
                        store.key.assign(static_cast<const char*>(entry->key), entry->key_size);
                        store.expires_ns = entry->expires_ns;
                        store.tags.clear();
                        for (uint32_t i = 0; i < entry->tag_count; ++i)
                          store.tags.emplace_back(static_cast<const char*>(entry->tags[i].utf8), entry->tags[i].size);
                        return ended();
                      },
                      [](void*, const dm_cache_tag* tag, uint64_t* purged) {
                        store.key = tag ? std::string(static_cast<const char*>(tag->utf8), tag->size) : "all";
                        *purged = 3;
                        return ended();
                      },
                      [](void*, dm_cache_stats* stats) {
                        stats->entries = 4;
                        stats->hits = 5;
                      },
                      [](void*, const dm_cache_tag*, uint64_t* entries) {
                        *entries = 2;
                        return ended();
                      }};

struct Scene {
  explicit Scene(const dm_cache* table = &kTable) {
    store = {};
    host.carrier.file.cache = table;
    lease = host.acquire();
  }
  LifeHost host;
  Lease lease;
};

std::vector<std::byte> bytes_of(const Value& value) {
  return {value.bytes().begin(), value.bytes().end()};
}

Value text() {
  ValueWriter out;
  out.string("an answer");
  return *out.finish();
}

}  // namespace

TEST_CASE("a space is opened by name and a refusal has the store's reason") {
  Scene scene;
  const Result<void*> space = open_cache_space(scene.lease, "answers", {.max_bytes = 1024, .eviction = ""});
  REQUIRE(space.ok());
  CHECK(*space == &store);
  CHECK(store.key == "answers");
  const Status refused = open_cache_space(scene.lease, "answers", {.max_bytes = 1, .eviction = "none"}).status();
  CHECK(refused.code() == Code::invalid_argument);
  CHECK_THAT(refused.to_string(), Contains("component 'part'") && Contains("no such policy"));
  store.status = DM_NOT_FOUND;
  CHECK(open_cache_space(scene.lease, "answers", {}).status().code() == Code::broken_contract);
}

TEST_CASE("a component without a cache is refused with what to name instead") {
  Scene scene(nullptr);
  const Status refused = open_cache_space(scene.lease, "answers", {}).status();
  CHECK(refused.code() == Code::failed_precondition);
  CHECK_THAT(refused.to_string(), Contains("is no cache") && Contains("name a component of a caching type"));
}

TEST_CASE("a hit is copied and let go of and a miss has the epoch for its put") {
  Scene scene;
  store.value = bytes_of(text());
  const CacheFound hit = cache_get(scene.lease, &store, "key", Time(7s));
  CHECK(hit.problem.ok());
  CHECK(bytes_of(hit.value) == store.value);
  CHECK(store.key == "key");
  CHECK(store.now_ns == 7'000'000'000);
  CHECK(store.pinned == 0);
  store.status = DM_NOT_FOUND;
  const CacheFound miss = cache_get(scene.lease, &store, "key", Time(7s));
  CHECK(miss.problem.ok());
  CHECK(miss.value.bytes().size() == Value().bytes().size());
  CHECK(miss.epoch == 9);
}

TEST_CASE("what is no value is a problem and pins nothing") {
  Scene scene;
  store.value.assign(16, std::byte{0xff});
  CHECK_FALSE(cache_get(scene.lease, &store, "key", Time(7s)).problem.ok());
  CHECK(store.pinned == 0);
  store.throws = true;
  CHECK(cache_get(scene.lease, &store, "key", Time(7s)).problem.code() == Code::broken_contract);
}

TEST_CASE("a put says whether it was kept and passes what belongs to it") {
  Scene scene;
  const std::vector<std::string> tags{"a", "b"};
  const Value value = text();
  const CachePut put{.key = "key", .value = value.bytes(), .tags = tags, .expires = Time(9s), .cost = {}, .epoch = 9};
  CHECK(cache_put(scene.lease, &store, put, Time(7s)));
  CHECK(store.key == "key");
  CHECK(store.tags == tags);
  CHECK(store.expires_ns == 9'000'000'000);
  store.status = DM_RESOURCE_EXHAUSTED;
  CHECK_FALSE(cache_put(scene.lease, &store, put, Time(7s)));
  store.throws = true;
  CHECK_FALSE(cache_put(scene.lease, &store, put, Time(7s)));
}

TEST_CASE("a purge is of a tag or of all and one that fails is a breach") {
  Scene scene;
  const std::string tag = "user:7";
  CHECK(*cache_purge(scene.lease, &store, &tag) == 3);
  CHECK(store.key == tag);
  CHECK(*cache_purge(scene.lease, &store, nullptr) == 3);
  CHECK(store.key == "all");
  CHECK(*cache_count(scene.lease, &store, &tag) == 2);
  store.status = DM_INTERNAL;
  CHECK(cache_purge(scene.lease, &store, &tag).status().code() == Code::broken_contract);
  store.throws = true;
  CHECK(cache_purge(scene.lease, &store, &tag).status().code() == Code::broken_contract);
}

TEST_CASE("a store that does not count says nothing of how many there are") {
  dm_cache table = kTable;
  table.size = DM_CACHE_SIZE_MIN;
  Scene scene(&table);
  const Result<std::optional<uint64_t>> count = cache_count(scene.lease, &store, nullptr);
  REQUIRE(count.ok());
  CHECK_FALSE(count->has_value());
}

TEST_CASE("the numbers of a space are the store's and loads are counted") {
  Scene scene;
  CHECK(cache_numbers(scene.lease, &store).entries == 4);
  CHECK(cache_numbers(scene.lease, &store).hits == 5);
  CHECK(load_number(scene.lease) == 1);
  scene.host.carrier.file.content = "v2";
  scene.host.start(Verb::reload);
  CHECK(load_number(scene.host.acquire()) == 2);
  CHECK(load_number(scene.lease) == 1);
}
