#include <atomic>
#include <catch2/catch.hpp>
#include <cstring>
#include <thread>
#include <vector>

#include "lifetime/cycles.h"

namespace dormouse {
namespace {

constexpr int64_t kDimension = 32;
constexpr int64_t kRows = 2000;

float* floats(ValueWriter& writer, const char* key, std::vector<int64_t> shape) {
  writer.key(key);
  return static_cast<float*>(writer.tensor(DM_F32, shape));
}

Value rows(int64_t n, const char* collection) {
  ValueWriter writer;
  writer.map_begin();
  float* x = floats(writer, "vectors", {n, kDimension});
  for (int64_t i = 0; i < n * kDimension; ++i) x[i] = static_cast<float>(i * 7919 % 1013);
  writer.key("ids");
  const int64_t shape[] = {n};
  auto* ids = static_cast<int64_t*>(writer.tensor(DM_I64, shape));
  for (int64_t i = 0; i < n; ++i) ids[i] = i;
  writer.key("collection");
  writer.string(collection);
  writer.map_end();
  return *writer.finish();
}

Value queries() {
  ValueWriter writer;
  writer.map_begin();
  float* x = floats(writer, "vectors", {64, kDimension});
  for (int64_t i = 0; i < 64 * kDimension; ++i) x[i] = static_cast<float>(i * 7919 % 1013);
  writer.map_end();
  return *writer.finish();
}

Value named(const char* collection) {
  ValueWriter writer;
  writer.map_begin();
  writer.key("collection");
  writer.string(collection);
  writer.map_end();
  return *writer.finish();
}

Value two_threads() {
  ValueWriter writer;
  writer.map_begin();
  writer.key("threads");
  writer.integer(2);
  writer.key("kind");
  writer.string("flat");
  writer.key("sync");
  writer.boolean(false);
  writer.map_end();
  return *writer.finish();
}

}  // namespace

// Each cycle loads a saved collection, searches it on two threads of OpenMP, makes another one, drops that, and
// leaves.
TEST_CASE("a thousand loads and unloads of a vector search leave nothing behind") {
  LiveRegistry host({DORMOUSE_PLUGINS});
  Component& vectors = host.add("vectors", "search-faiss", two_threads());
  host.start();
  const uint32_t add = host.method_index(vectors, "add"), many = host.method_index(vectors, "search_many"),
                 drop = host.method_index(vectors, "drop");
  // OpenMP's threads end a moment after their lane, so now and then one more stack is needed than before, and the C
  // library keeps the stacks of ended threads. Now it has enough of them.
  {
    std::atomic<bool> all{false};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { all.wait(false); });
    all = true;
    all.notify_all();
    for (std::thread& thread : threads) thread.join();
  }
  REQUIRE(host.ask(vectors, add, rows(kRows, "default")).ok());
  const Value asked = queries(), few = rows(40, "passing"), passing = named("passing");

  const CycleReport report = run_cycles("search-faiss", 1'000, [&] {
    const Result<Value> answer = host.ask(vectors, many, asked);
    INFO(answer.status().to_string());
    REQUIRE(answer.ok());
    int64_t id = -1;
    const dm_value first = dm_list_at(dm_list_at(dm_map_get(answer->view(), "results"), 0), 0);
    REQUIRE(dm_get_int(dm_map_get(first, "id"), &id));
    REQUIRE(id == 0);
    REQUIRE(host.ask(vectors, add, few).ok());
    REQUIRE(host.ask(vectors, drop, passing).ok());
    unload_completely(host, vectors, "/search-faiss.so");
  });

  check_nothing_is_left(report);
}

}  // namespace dormouse
