#include <catch2/catch.hpp>
#include <string>

#include "lifetime/cycles.h"

namespace dormouse {
namespace {

// One list of one hit with a field that is a number.
Value one_hit(const char* field, int64_t wrong) {
  ValueWriter writer;
  writer.map_begin();
  writer.key("lists");
  writer.list_begin();
  writer.list_begin();
  writer.map_begin();
  writer.key("id");
  writer.string("a");
  writer.key(field);
  writer.integer(wrong);
  writer.map_end();
  writer.list_end();
  writer.list_end();
  writer.map_end();
  return *writer.finish();
}

Value two_lists() {
  ValueWriter writer;
  writer.map_begin();
  writer.key("lists");
  writer.list_begin();
  for (const char* order : {"abc", "cab"}) {
    writer.list_begin();
    for (const char* at = order; *at != '\0'; ++at) {
      writer.map_begin();
      writer.key("id");
      writer.string(std::string(1, *at));
      writer.map_end();
    }
    writer.list_end();
  }
  writer.list_end();
  writer.map_end();
  return *writer.finish();
}

// Lists of as many hits each.
Value lists_of(int lists, int hits) {
  ValueWriter writer;
  writer.map_begin();
  writer.key("lists");
  writer.list_begin();
  for (int list = 0; list < lists; ++list) {
    writer.list_begin();
    for (int hit = 0; hit < hits; ++hit) {
      writer.map_begin();
      writer.key("id");
      writer.integer(list * hits + hit);
      writer.map_end();
    }
    writer.list_end();
  }
  writer.list_end();
  writer.map_end();
  return *writer.finish();
}

}  // namespace

TEST_CASE("a thousand loads and unloads of rank fusion leave nothing behind") {
  LiveRegistry host({DORMOUSE_PLUGINS});
  Component& rank = host.add("rank", "search-rank");
  host.start();
  const uint32_t fuse = host.method_index(rank, "fuse");
  const Value lists = two_lists();

  const CycleReport report = run_cycles("search-rank", 1'000, [&] {
    const Result<Value> answer = host.ask(rank, fuse, lists);
    INFO(answer.status().to_string());
    REQUIRE(answer.ok());
    REQUIRE(dm_count(dm_map_get(answer->view(), "hits")) == 3);
    unload_completely(host, rank, "/search-rank.so");
  });

  check_nothing_is_left(report);
}

TEST_CASE("a hit that cannot be is the caller's mistake and not the plugin's") {
  LiveRegistry host({DORMOUSE_PLUGINS});
  Component& rank = host.add("rank", "search-rank");
  host.start();
  for (const char* field : {"title", "text", "snippet", "metadata"}) {
    const Result<Value> answer = host.ask(rank, host.method_index(rank, "fuse"), one_hit(field, 5));
    INFO(answer.status().to_string());
    CHECK(answer.status().code() == Code::invalid_argument);
    CHECK(answer.status().to_string().find(field) != std::string::npos);
  }
}

TEST_CASE("lists that would take long to fuse are refused with the bound") {
  LiveRegistry host({DORMOUSE_PLUGINS});
  Component& rank = host.add("rank", "search-rank");
  host.start();
  CHECK(host.ask(rank, host.method_index(rank, "fuse"), lists_of(2, 10'000)).ok());
  const Result<Value> answer = host.ask(rank, host.method_index(rank, "fuse"), lists_of(3, 6'667));
  CHECK(answer.status().code() == Code::invalid_argument);
  CHECK(answer.status().to_string().find("all lists together: needed at most 20000, found 20001") != std::string::npos);
}

}  // namespace dormouse
