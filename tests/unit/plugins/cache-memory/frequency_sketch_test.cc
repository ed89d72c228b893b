#include "frequency_sketch.h"

#include <catch2/catch.hpp>

#include "policy_driver.h"

namespace dormouse::cache_memory {
namespace {

uint64_t hash(int i) {
  return PolicyDriver::hash_of_number(i);
}

}  // namespace

TEST_CASE("a sketch never tells less than was counted and seldom more") {
  FrequencySketch sketch;
  sketch.make_room_for(1000);
  for (int i = 0; i < 1000; ++i)
    for (int use = 0; use < i % 5; ++use) sketch.count(hash(i));
  int exact = 0;
  for (int i = 0; i < 1000; ++i) {
    CHECK(sketch.frequency(hash(i)) >= static_cast<uint32_t>(i % 5));
    exact += sketch.frequency(hash(i)) == static_cast<uint32_t>(i % 5);
  }
  CHECK(exact > 950);
}

TEST_CASE("a sketch counts to fifteen") {
  FrequencySketch sketch;
  sketch.make_room_for(1000);
  for (int use = 0; use < 40; ++use) sketch.count(hash(1));
  CHECK(sketch.frequency(hash(1)) == 15);
  CHECK(sketch.frequency(hash(2)) == 0);
}

TEST_CASE("a sketch halves what is past") {
  FrequencySketch sketch;
  sketch.make_room_for(1000);
  for (int use = 0; use < 12; ++use) sketch.count(hash(1));
  for (int i = 0; i < 10'100; ++i) sketch.count(hash(10 + i % 3000));
  CHECK(sketch.frequency(hash(1)) >= 5);
  CHECK(sketch.frequency(hash(1)) <= 7);
}

TEST_CASE("a sketch knows what it knew when it gets more room") {
  FrequencySketch sketch;
  sketch.make_room_for(100);
  for (int i = 0; i < 50; ++i)
    for (int use = 0; use < 4; ++use) sketch.count(hash(i));
  const uint64_t growth = sketch.growth(5000), before = sketch.bytes();
  sketch.make_room_for(5000);
  CHECK(sketch.bytes() == before + growth);
  for (int i = 0; i < 50; ++i) CHECK(sketch.frequency(hash(i)) >= 4);
}

TEST_CASE("a sketch without room tells nought") {
  FrequencySketch sketch;
  sketch.count(hash(1));
  CHECK(sketch.frequency(hash(1)) == 0);
  CHECK(sketch.bytes() == 0);
}

}  // namespace dormouse::cache_memory
