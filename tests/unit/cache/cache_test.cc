#include "cache/cache.h"

#include <catch2/catch.hpp>

#include "unit/cache/fake_space.h"

using namespace dormouse;
using namespace std::chrono_literals;

namespace {

Value text(const std::string& s) {
  ValueWriter writer;
  writer.string(s);
  return *writer.finish();
}

struct OneCache {
  std::shared_ptr<FakeSpace::State> values = std::make_shared<FakeSpace::State>();
  std::shared_ptr<FakeSpace::State> failures = std::make_shared<FakeSpace::State>();
  Metrics metrics;
  Cache cache{"answers", "cache.memory", std::make_unique<FakeSpace>(values), std::make_unique<FakeSpace>(failures),
              1,         metrics};
  CachePolicy policy;
  ValueWriter writer;
  Time now{1h};

  Cache::Answer look_up(const std::string& key) {
    return cache.look_up(key, policy, now, [](const Value&) { return true; });
  }
  void keep(const std::string& key, Result<Value> value, const Cache::Miss& miss, Duration ran = 10ms,
            const std::vector<std::string>& tags = {}) {
    cache.keep(key, {std::move(value), {}, ran}, tags, miss, policy, now, writer);
  }
  void remember(const std::string& key, const std::string& value) { keep(key, text(value), look_up(key).miss); }
  std::string found(const std::string& key) {
    const Cache::Answer answer = look_up(key);
    return answer.result == CacheResult::hit ? to_debug_string(answer.value.view())
                                             : std::string(to_string(answer.result));
  }
  Status not_found = Error{.code = Code::not_found,
                           .message = "no such passage",
                           .object = "collection 'faq'",
                           .needed = "an id",
                           .found = "77",
                           .remedy = "add it",
                           .near = {"7", "78"}};
};

}  // namespace

TEST_CASE("what was kept is found until its time is over") {
  OneCache c;
  c.policy.ttl = 1min;
  c.policy.ttl_jitter = 0;
  CHECK(c.found("k") == "miss");
  c.remember("k", "v");
  c.now += 59s;
  CHECK(c.found("k") == "\"v\"");
  CHECK(c.found("other") == "miss");
  c.now += 1s;
  CHECK(c.found("k") == "miss");
}

TEST_CASE("lifetimes are spread below the ttl and never above it") {
  OneCache c;
  c.policy.ttl = 100s;
  c.policy.ttl_jitter = 0.2;
  std::vector<Duration> lives;
  for (int i = 0; i < 200; ++i) {
    const std::string key = std::to_string(i);
    c.remember(key, "v");
    lives.push_back(c.values->entries.at(key).expires - c.now);
  }
  const auto [least, most] = std::minmax_element(lives.begin(), lives.end());
  CHECK(*least >= 80s);
  CHECK(*least < 83s);
  CHECK(*most <= 100s);
  CHECK(*most > 97s);
}

TEST_CASE("a value of another type than wanted is a miss") {
  OneCache c;
  c.remember("k", "v");
  CHECK(c.cache.look_up("k", c.policy, c.now, [](const Value&) { return false; }).result == CacheResult::miss);
}

TEST_CASE("only not found is remembered as a failure and only where a negative ttl is set") {
  OneCache c;
  c.keep("k", c.not_found, c.look_up("k").miss);
  CHECK(c.found("k") == "miss");
  c.policy.negative_ttl = 5s;
  c.policy.ttl_jitter = 0;
  c.keep("k", c.not_found, c.look_up("k").miss);
  const Cache::Answer answer = c.look_up("k");
  CHECK(answer.result == CacheResult::negative);
  CHECK(answer.error.to_string() == c.not_found.to_string());
  CHECK(answer.error.code() == Code::not_found);
  CHECK(c.values->entries.empty());  // misses do not push values out
  c.now += 5s;
  CHECK(c.found("k") == "miss");
  c.keep("busy", Status(Code::unavailable, "out of order"), c.look_up("busy").miss);
  CHECK(c.found("busy") == "miss");
}

TEST_CASE("what is too large or too cheap is not kept") {
  OneCache c;
  c.policy.max_entry = 200;
  c.policy.min_cost = 1ms;
  c.keep("large", text(std::string(300, 'x')), c.look_up("large").miss);
  CHECK(c.found("large") == "miss");
  c.keep("cheap", text("v"), c.look_up("cheap").miss, 999us);
  CHECK(c.found("cheap") == "miss");
  c.keep("dear", text("v"), c.look_up("dear").miss, 1ms);
  CHECK(c.found("dear") == "\"v\"");
  CHECK(c.cache.numbers().not_kept == 1);
}

TEST_CASE("a part of a larger value is kept as a value of its own") {
  OneCache c;
  ValueWriter writer;
  writer.map_begin();
  writer.key("inner");
  writer.string("v");
  writer.key("rest");
  writer.string(std::string(10000, 'x'));
  writer.map_end();
  c.keep("k", (*writer.finish()).field("inner"), c.look_up("k").miss);
  CHECK(c.found("k") == "\"v\"");
  CHECK(c.values->entries.at("k").value.bytes().size() < 200);
}

TEST_CASE("an entry has the tags of its cache and its own and none twice") {
  OneCache c;
  c.policy.tags = {"kb", "kb"};
  c.keep("k", text("v"), c.look_up("k").miss, 1ms, {"eng", "kb", "eng"});
  CHECK(c.values->entries.at("k").tags == std::vector<std::string>{"kb", "eng"});
  const std::string tag = "eng";
  CHECK(*c.cache.purge(&tag) == 1);
  CHECK(c.found("k") == "miss");
}

TEST_CASE("a count says what a purge would forget") {
  OneCache c;
  c.policy.negative_ttl = 5s;
  c.keep("k", text("v"), c.look_up("k").miss, 1ms, {"eng"});
  c.keep("other", text("w"), c.look_up("other").miss, 1ms, {"deu"});
  c.keep("none", c.not_found, c.look_up("none").miss, 1ms, {"eng"});
  const std::string tag = "eng";
  CHECK(*c.cache.count(&tag) == 2);
  CHECK(*c.cache.count(nullptr) == 3);
  CHECK(c.found("k") == "\"v\"");
  c.failures->counts = false;
  CHECK(*c.cache.count(&tag) == std::nullopt);
}

TEST_CASE("a purge takes failures along") {
  OneCache c;
  c.policy.negative_ttl = 5s;
  c.remember("k", "v");
  c.keep("none", c.not_found, c.look_up("none").miss);
  CHECK(*c.cache.purge(nullptr) == 2);
  CHECK(c.found("k") == "miss");
  CHECK(c.found("none") == "miss");
}

TEST_CASE("what was begun before a purge is not kept after it") {
  OneCache c;
  const Cache::Miss miss = c.look_up("k").miss;
  CHECK(*c.cache.purge(nullptr) == 0);
  c.keep("k", text("stale"), miss);
  CHECK(c.found("k") == "miss");
  c.remember("k", "fresh");
  CHECK(c.found("k") == "\"fresh\"");
}

TEST_CASE("a purge between the last look and the put wins") {
  OneCache c;
  const Cache::Miss miss = c.look_up("k").miss;
  bool purged = false;
  c.values->before_put = [&] {
    if (!std::exchange(purged, true)) (void)c.cache.purge(nullptr);
  };
  c.keep("k", text("stale"), miss);
  CHECK(c.found("k") == "miss");
}

TEST_CASE("a component that was loaded since the miss keeps the result") {
  OneCache c;
  c.values->unload();
  const Cache::Miss miss = c.look_up("k").miss;
  CHECK(c.found("k") == "miss");
  c.values->reload();
  c.keep("k", text("v"), miss);
  CHECK(c.found("k") == "\"v\"");
}

TEST_CASE("a purge while the component is away holds for what is on its way") {
  OneCache c;
  const Cache::Miss miss = c.look_up("k").miss;
  c.values->unload();
  (void)c.cache.purge(nullptr);
  c.values->reload();  // its epoch begins anew, and is the one of the miss
  c.keep("k", text("stale"), miss);
  CHECK(c.found("k") == "miss");
}

TEST_CASE("a component that is not in memory costs results but no request") {
  OneCache c;
  c.values->unload();
  c.failures->unload();
  c.policy.negative_ttl = 5s;
  c.remember("k", "v");
  CHECK(c.found("k") == "miss");
  CHECK(*c.cache.purge(nullptr) == 0);
  CHECK_FALSE(c.cache.numbers().values.has_value());
  CHECK(c.cache.numbers().not_kept == 1);
}

TEST_CASE("requests are counted by what they came to") {
  OneCache c;
  c.remember("k", "v");
  (void)c.found("k");
  (void)c.found("k");
  const auto count = [&](const char* result) {
    return c.metrics.counter("dormouse_cache_requests_total", {{"cache", "answers"}, {"result", result}}).value();
  };
  CHECK(count("hit") == 2);
  CHECK(count("miss") == 1);
  CHECK(count("negative") == 0);
}

TEST_CASE("failures get a small part of the bytes") {
  OneCache c;
  c.policy.limits = {.max_bytes = uint64_t{64} << 20, .eviction = "lru"};
  c.cache.set_limits(c.policy);
  CHECK(c.values->limits.max_bytes == uint64_t{64} << 20);
  CHECK(c.failures->limits.max_bytes == uint64_t{4} << 20);
  CHECK(c.failures->limits.eviction == "lru");
}
