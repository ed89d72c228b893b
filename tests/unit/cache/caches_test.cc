#include "cache/caches.h"

#include <catch2/catch.hpp>

#include "unit/cache/fake_space.h"

using namespace dormouse;

namespace {

struct SomeCaches {
  std::map<std::string, std::shared_ptr<FakeSpace::State>> spaces;  // by "store/space"
  Metrics metrics;
  Caches caches{[this](const std::string& store, const std::string& space) -> std::unique_ptr<CacheSpace> {
                  if (store == "gone") return nullptr;
                  auto& state = spaces[store + "/" + space];
                  state = std::make_shared<FakeSpace::State>();
                  return std::make_unique<FakeSpace>(state);
                },
                1, metrics};

  static CachePolicy policy(const std::string& name, const std::string& store = "m", uint64_t max_bytes = 1 << 20) {
    CachePolicy policy;
    policy.name = name;
    policy.store = store;
    policy.limits.max_bytes = max_bytes;
    return policy;
  }
  void fill(const CachePolicy& policy) {
    ValueWriter writer;
    writer.integer(1);
    const Value value = *writer.finish();
    Cache& cache = *caches.find(policy);
    const Cache::Miss miss = cache.look_up("k", policy, Time{}, [](const Value&) { return true; }).miss;
    cache.keep("k", {value, {}, {}}, {}, miss, policy, Time{}, writer);
  }
  size_t entries(const std::string& space) { return spaces.at(space)->entries.size(); }
};

}  // namespace

TEST_CASE("a cache that is declared again keeps what it holds under its new bounds") {
  SomeCaches s;
  const CachePolicy a = s.policy("a");
  s.caches.apply({a});
  s.fill(a);
  Cache* before = s.caches.find(a);
  s.caches.apply({s.policy("a", "m", 2 << 20)});
  CHECK(s.caches.find(a) == before);
  CHECK(s.entries("m/a") == 1);
  CHECK(s.spaces.at("m/a")->limits.max_bytes == 2 << 20);
}

TEST_CASE("a cache that is declared no longer is emptied and not listed") {
  SomeCaches s;
  const CachePolicy a = s.policy("a");
  s.caches.apply({a, s.policy("b")});
  s.fill(a);
  s.caches.apply({s.policy("b")});
  CHECK(s.entries("m/a") == 0);
  REQUIRE(s.caches.status().size() == 1);
  CHECK(s.caches.status()[0].policy.name == "b");
  CHECK(s.caches.find(a) != nullptr);  // requests of an older generation may still use it
}

TEST_CASE("a cache that moves to another component is emptied where it was") {
  SomeCaches s;
  const CachePolicy a = s.policy("a");
  s.caches.apply({a});
  s.fill(a);
  s.caches.apply({s.policy("a", "n")});
  CHECK(s.entries("m/a") == 0);
  CHECK(s.caches.status()[0].policy.store == "n");
}

TEST_CASE("an unknown cache is told with near names") {
  SomeCaches s;
  s.caches.apply({s.policy("answers")});
  const Result<uint64_t> purged = s.caches.purge("answer", nullptr);
  REQUIRE_FALSE(purged.ok());
  CHECK(purged.status().code() == Code::not_found);
  CHECK(purged.status().to_string().find("did you mean 'answers'?") != std::string::npos);
  CHECK_FALSE(s.caches.status("nothing").ok());
}

TEST_CASE("a cache whose component is missing is found by nobody") {
  SomeCaches s;
  s.caches.apply({s.policy("a", "gone")});
  CHECK(s.caches.find(s.policy("a", "gone")) == nullptr);
  CHECK(s.caches.status().empty());
}
