#include <catch2/catch.hpp>

#include "lifetime/cycles.h"

namespace dormouse {
namespace {

constexpr int kEntries = 300;

// {key, value, tags, ttl}
Value put_of(int i) {
  ValueWriter writer;
  writer.map_begin();
  writer.key("key");
  writer.string("key/" + std::to_string(i));
  writer.key("value");
  writer.list_begin();
  for (int k = 0; k < 50; ++k) writer.integer(i + k);
  writer.list_end();
  writer.key("tags");
  writer.list_begin();
  writer.string(i % 2 ? "odd" : "even");
  writer.list_end();
  writer.key("ttl");
  writer.number(3600);
  writer.map_end();
  return *writer.finish();
}

Value key_of(int i) {
  ValueWriter writer;
  writer.map_begin();
  writer.key("key");
  writer.string("key/" + std::to_string(i));
  writer.map_end();
  return *writer.finish();
}

// Less than what is put, so that some are evicted.
Value settings() {
  ValueWriter writer;
  writer.map_begin();
  writer.key("max_bytes");
  writer.integer(200 << 10);
  writer.map_end();
  return *writer.finish();
}

}  // namespace

// Each cycle fills a store beyond its bound, reads from it, and leaves.
TEST_CASE("a thousand loads and unloads of a full store of values leave nothing behind") {
  LiveRegistry host({DORMOUSE_PLUGINS});
  Component& cache = host.add("cache", "cache-memory", settings());
  host.start();
  const uint32_t put = host.method_index(cache, "put"), get = host.method_index(cache, "get");
  std::vector<Value> puts;
  for (int i = 0; i < kEntries; ++i) puts.push_back(put_of(i));
  const Value last = key_of(kEntries - 1);

  const CycleReport report = run_cycles("cache-memory", 1'000, [&] {
    {
      const Result<Lease> lease = host.acquire(cache);
      REQUIRE(lease.ok());
      for (const Value& in : puts) REQUIRE(host.call(*lease, put, in).ok());
      const Result<Value> answer = host.call(*lease, get, last);
      REQUIRE(answer.ok());
      int found = 0;
      REQUIRE(dm_get_bool(dm_map_get(answer->view(), "found"), &found));
      REQUIRE(found == 1);
    }
    unload_completely(host, cache, "/cache-memory.so");
  });

  check_nothing_is_left(report);
  CHECK(cache.status().generation == report.cycles + kWarmUpCycles);
}

}  // namespace dormouse
