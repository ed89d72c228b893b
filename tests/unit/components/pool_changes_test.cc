#include "components/pool_changes.h"

#include <catch2/catch.hpp>

using namespace dormouse;
using namespace std::chrono_literals;

TEST_CASE("a pool that did not change has no changes") {
  CHECK(pool_changes("c", {}, {}, {}).empty());
}

TEST_CASE("times and bounds of waiting act at once and what a lane is made with waits for the next load") {
  PoolPolicy after;
  after.idle_unload = 5s;
  after.max_pending = 3;
  after.max_instances = 4;
  const std::vector<PoolChange> changes = pool_changes("c", {}, {}, after);
  REQUIRE(changes.size() == 3);
  CHECK(changes[0].key == "max_instances");
  CHECK_FALSE(changes[0].at_once);
  CHECK(changes[0].from == "2");
  CHECK(changes[0].to == "4");
  CHECK(changes[1].key == "max_pending");
  CHECK(changes[1].at_once);
  CHECK(changes[2].key == "idle.unload");
  CHECK(changes[2].at_once);
}

TEST_CASE("a key that waits is listed until the component is loaded with it") {
  PoolPolicy loaded, now;
  now.max_instances = 4;
  const std::vector<PoolChange> again = pool_changes("c", now, loaded, now);
  REQUIRE(again.size() == 1);
  CHECK(again[0].key == "max_instances");
  CHECK(pool_changes("c", now, now, now).empty());
}
