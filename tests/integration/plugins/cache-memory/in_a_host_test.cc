// The methods of cache.memory as stages call them.
#include <cstring>

#include "cache/component_space.h"
#include "integration/plugins/cache-memory/cache_host.h"

namespace dormouse {
namespace {

// One of everything the format has.
void write_everything(ValueWriter& out) {
  out.map_begin();
  out.key("null");
  out.null();
  out.key("yes");
  out.boolean(true);
  out.key("int");
  out.integer(-(1LL << 62));
  out.key("float");
  out.number(0.25);
  out.key("text");
  out.string("Grüße");
  out.key("empty");
  out.string("");
  out.key("bytes");
  out.bytes("\x00\xff\x01", 3);
  out.key("tensor");
  const int64_t shape[] = {3, 5};
  auto* elements = static_cast<float*>(out.tensor(DM_F32, shape));
  for (int i = 0; i < 15; ++i) elements[i] = static_cast<float>(i) / 4;
  out.key("list");
  out.list_begin();
  for (int i = 0; i < 3; ++i) {
    out.map_begin();
    out.key("deep");
    out.list_begin();
    out.integer(i);
    out.list_end();
    out.map_end();
  }
  out.list_end();
  out.key("nothing");
  out.list_begin();
  out.list_end();
  out.map_end();
}

}  // namespace

TEST_CASE("any value comes back from the store as it was put") {
  CacheHost cache;
  REQUIRE(cache.put("k", write_everything).ok());
  ValueWriter writer;
  write_everything(writer);
  const Value expected = *writer.finish();
  const Value found = cache.get("k");
  REQUIRE(found);
  CHECK(to_debug_string(found.view(), 10'000) == to_debug_string(expected.view(), 10'000));
  dm_tensor_view tensor{};
  REQUIRE(dm_get_tensor(dm_map_get(found.view(), "tensor"), &tensor));
  CHECK(tensor.elements == 15);
  CHECK(static_cast<const float*>(tensor.data)[14] == 3.5f);
  dm_bytes_view bytes{};
  REQUIRE(dm_get_bytes(dm_map_get(found.view(), "bytes"), &bytes));
  CHECK(std::memcmp(bytes.data, "\x00\xff\x01", 3) == 0);
}

TEST_CASE("a key that was not put or was removed is not found") {
  CacheHost cache;
  CHECK_FALSE(cache.has("k"));
  REQUIRE(cache.put("k", text("v")).ok());
  CHECK(cache.has("k"));
  const auto removed = [&] {
    int yes = -1;
    dm_get_bool(dm_map_get(cache.call("remove", [](ValueWriter& in) { write(in, "key", "k"); })->view(), "removed"),
                &yes);
    return yes;
  };
  CHECK(removed() == 1);
  CHECK_FALSE(cache.has("k"));
  CHECK(removed() == 0);
}

TEST_CASE("a ttl that has passed is the end of a value") {
  CacheHost cache;
  REQUIRE(cache
              .put("k", text("v"),
                   [](ValueWriter& in) {
                     in.key("ttl");
                     in.number(1e-9);
                   })
              .ok());
  CHECK_FALSE(cache.has("k"));
  CHECK_FALSE(cache
                  .put("k", text("v"),
                       [](ValueWriter& in) {
                         in.key("ttl");
                         in.number(-1);
                       })
                  .ok());
}

TEST_CASE("spaces know nothing of each other and tags purge within one") {
  CacheHost cache;
  for (const char* space : {"one", "two"}) {
    for (const char* key : {"a", "b"}) {
      REQUIRE(cache
                  .put(key, text(space),
                       [&](ValueWriter& in) {
                         write(in, "space", space);
                         in.key("tags");
                         in.list_begin();
                         in.string(key);
                         in.string("all");
                         in.list_end();
                       })
                  .ok());
    }
  }
  const auto purge = [&](const char* tag) {
    return cache.number(cache.call("purge",
                                   [&](ValueWriter& in) {
                                     write(in, "space", "one");
                                     if (tag != nullptr) write(in, "tag", tag);
                                   }),
                        "purged");
  };
  CHECK(purge("a") == 1);
  CHECK_FALSE(cache.has("a", "one"));
  CHECK(cache.has("b", "one"));
  CHECK(cache.has("a", "two"));
  CHECK(purge(nullptr) == 1);
  CHECK_FALSE(cache.has("b", "one"));
  CHECK(cache.has("b", "two"));
  CHECK(to_debug_string(cache.call("stats", [](ValueWriter&) {})->view(), 2000).find("\"two\"") != std::string::npos);
}

TEST_CASE("a store has as many spaces as its setting allows and no more") {
  CacheHost cache([](ValueWriter& settings) {
    settings.key("max_spaces");
    settings.integer(2);
  });
  const auto put_into = [&](const char* space) {
    return cache.put("k", text("v"), [&](ValueWriter& in) { write(in, "space", space); });
  };
  CHECK(put_into("one").ok());
  CHECK(put_into("two").ok());
  const Result<Value> third = put_into("three");
  REQUIRE_FALSE(third.ok());
  CHECK(third.status().to_string().find("max_spaces") != std::string::npos);
  CHECK(put_into("two").ok());
}

TEST_CASE("a value larger than half a shard is not kept and that is no failure") {
  CacheHost cache([](ValueWriter& settings) {
    settings.key("max_bytes");
    settings.integer(64 << 10);
  });
  const Result<Value> answer = cache.put("k", text(std::string(40 << 10, 'x')));
  REQUIRE(answer.ok());
  int kept = -1;
  REQUIRE(dm_get_bool(dm_map_get(answer->view(), "kept"), &kept));
  CHECK(kept == 0);
}

TEST_CASE("what a stage may not say is refused with what is needed") {
  CacheHost cache;
  const Result<Value> empty = cache.put("", text("v"));
  REQUIRE_FALSE(empty.ok());
  CHECK(empty.status().to_string().find("65536 bytes, found 0") != std::string::npos);
  CHECK_FALSE(cache
                  .put("k", text("v"),
                       [](ValueWriter& in) {
                         in.key("tags");
                         in.list_begin();
                         for (int i = 0; i < 17; ++i) in.string(std::to_string(i));
                         in.list_end();
                       })
                  .ok());
}

TEST_CASE("a trimmed store keeps what it has and is asked on") {
  CacheHost cache;
  REQUIRE(cache.put("k", text("v")).ok());
  const VerbAnswer answer = cache.host.request(cache.component, Verb::trim);
  INFO(answer.status.to_string());
  REQUIRE(answer.status.ok());
  CHECK(cache.has("k"));
}

TEST_CASE("a lowered bound acts at once and an emptied space holds nothing") {
  CacheHost cache;
  REQUIRE_FALSE(cache.has("k"));  // loads it
  ComponentSpace space(cache.component.shared_from_this(), "answers");
  space.set_limits({.max_bytes = 8 << 20, .eviction = ""});
  constexpr int kEntries = 200;
  ValueWriter writer;
  writer.string(std::string(32 << 10, 'x'));
  const Value value = *writer.finish();
  for (int i = 0; i < kEntries; ++i) {
    const std::string key = std::to_string(i);
    const CacheSpace::Epoch epoch = space.get(key, Time{}).epoch;
    REQUIRE(space.put({.key = key, .value = value, .tags = {}}, epoch, Time{}) == CacheSpace::Put::kept);
  }
  REQUIRE(space.numbers()->bytes > 4 << 20);
  space.set_limits({.max_bytes = 1 << 20, .eviction = ""});
  CHECK(space.numbers()->max_bytes == 1 << 20);
  CHECK(space.numbers()->bytes <= 1 << 20);
  CHECK(space.numbers()->entries < kEntries / 4);
  REQUIRE(space.purge(nullptr).ok());
  CHECK(space.numbers()->entries == 0);
  CHECK(space.numbers()->bytes < 128 << 10);
}

}  // namespace dormouse
