#include "ghost.h"

#include <catch2/catch.hpp>

#include "policy_driver.h"

namespace dormouse::cache_memory {
namespace {

uint64_t hash(int i) {
  return PolicyDriver::hash_of_number(i);
}

int remembered(Ghost& ghost, int from, int to) {
  int count = 0;
  for (int i = from; i < to; ++i) count += ghost.take(hash(i));
  return count;
}

}  // namespace

TEST_CASE("a ghost remembers the last ones and nobody else") {
  Ghost ghost;
  ghost.make_room_for(1000);
  for (int i = 0; i < 10'000; ++i) ghost.add(hash(i), 1000);
  CHECK(remembered(ghost, 0, 9000) == 0);
  CHECK(remembered(ghost, 20'000, 30'000) == 0);
  CHECK(remembered(ghost, 9000, 10'000) >= 930);
}

TEST_CASE("a ghost is taken once") {
  Ghost ghost;
  ghost.make_room_for(10);
  ghost.add(hash(1), 10);
  CHECK(ghost.take(hash(1)));
  CHECK_FALSE(ghost.take(hash(1)));
}

TEST_CASE("a ghost keeps what it knows when it gets more room") {
  Ghost ghost;
  ghost.make_room_for(100);
  for (int i = 0; i < 100; ++i) ghost.add(hash(i), 100);
  const uint64_t growth = ghost.growth(1000), before = ghost.bytes();
  ghost.make_room_for(1000);
  CHECK(ghost.bytes() == before + growth);
  for (int i = 100; i < 500; ++i) ghost.add(hash(i), 1000);
  CHECK(remembered(ghost, 0, 500) >= 470);
}

TEST_CASE("a ghost that never was told anything remembers nothing and has no memory") {
  Ghost ghost;
  CHECK_FALSE(ghost.take(hash(1)));
  ghost.add(hash(1), 0);
  CHECK(ghost.bytes() == 0);
}

}  // namespace dormouse::cache_memory
