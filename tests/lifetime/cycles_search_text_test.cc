#include <catch2/catch.hpp>
#include <string>

#include "lifetime/cycles.h"

namespace dormouse {
namespace {

Value documents(int n, const std::string& collection) {
  ValueWriter writer;
  writer.map_begin();
  for (const char* field : {"ids", "texts"}) {
    writer.key(field);
    writer.list_begin();
    for (int i = 0; i < n; ++i) {
      const std::string number = std::to_string(i);
      writer.string(field == std::string("ids") ? number
                                                : "document nr" + number + "x of many about nr" + number + "x");
    }
    writer.list_end();
  }
  writer.key("collection");
  writer.string(collection);
  writer.map_end();
  return *writer.finish();
}

Value with(const char* key, const std::string& text) {
  ValueWriter writer;
  writer.map_begin();
  writer.key(key);
  writer.string(text);
  writer.map_end();
  return *writer.finish();
}

Value without_sync() {
  ValueWriter writer;
  writer.map_begin();
  writer.key("sync");
  writer.boolean(false);
  writer.map_end();
  return *writer.finish();
}

}  // namespace

// Each cycle loads a saved collection, searches it, makes another one, drops that, and leaves.
TEST_CASE("a thousand loads and unloads of a text search leave nothing behind") {
  LiveRegistry host({DORMOUSE_PLUGINS});
  Component& texts = host.add("texts", "search-text", without_sync());
  host.start();
  const uint32_t add = host.method_index(texts, "add"), search = host.method_index(texts, "search"),
                 drop = host.method_index(texts, "drop");
  REQUIRE(host.ask(texts, add, documents(500, "default")).ok());
  const Value question = with("text", "nr17x"), few = documents(20, "passing"), passing = with("collection", "passing");

  const CycleReport report = run_cycles("search-text", 1'000, [&] {
    const Result<Value> answer = host.ask(texts, search, question);
    INFO(answer.status().to_string());
    REQUIRE(answer.ok());
    dm_string_view id{};
    REQUIRE(dm_get_string(dm_map_get(dm_list_at(dm_map_get(answer->view(), "hits"), 0), "id"), &id));
    REQUIRE(std::string(id.data, id.size) == "17");
    REQUIRE(host.ask(texts, add, few).ok());
    REQUIRE(host.ask(texts, drop, passing).ok());
    unload_completely(host, texts, "/search-text.so");
  });

  check_nothing_is_left(report);
}

}  // namespace dormouse
