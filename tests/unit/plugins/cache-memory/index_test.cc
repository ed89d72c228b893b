#include "index.h"

#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <vector>

namespace dormouse::cache_memory {
namespace {

struct Item {
  int key = 0;
  uint32_t hash = 0;
};

// The index of integers, with a map that knows better.
struct Tried {
  Index<Item> index;
  std::map<int, Item> items;

  Index<Item>::Slot* find(int key, uint32_t hash) {
    return index.find(hash, [&](const Item& item) { return item.key == key; });
  }
  void insert(int key, uint32_t hash, uint32_t expires = Index<Item>::kNever) {
    if (index.is_crowded()) index.grow();
    index.insert(hash, expires, items[key] = {key, hash});
  }
  void erase(int key) {
    index.erase(*find(key, items[key].hash));
    items.erase(key);
  }
  void check() {
    CHECK(index.size() == items.size());
    for (auto& [key, item] : items) {
      auto* slot = find(key, item.hash);
      REQUIRE(slot != nullptr);
      REQUIRE(slot->item == &item);
    }
  }
};

}  // namespace

TEST_CASE("an index finds what was inserted and not erased also among equal hashes and while it grows") {
  for (const uint32_t hashes : {7u, 1000u, 0xFFFFFFFFu}) {
    Tried tried;
    std::mt19937 random(hashes);
    for (int i = 0; i < 20'000; ++i) {
      const int key = static_cast<int>(random() % 600);
      const uint32_t hash = static_cast<uint32_t>(key) * 2654435761u % hashes;
      const bool in = tried.find(key, hash) != nullptr;
      REQUIRE(in == (tried.items.count(key) != 0));
      if (in) {
        tried.erase(key);
      } else {
        tried.insert(key, hash);
      }
      if (i % 1000 == 0) tried.check();
      if (i % 5000 == 4999) tried.index.shrink();
    }
    tried.check();
  }
}

TEST_CASE("an index that grows moves a few items at a time and loses none") {
  Tried tried;
  for (int key = 0; key < 5000; ++key) {
    tried.insert(key, static_cast<uint32_t>(key) * 2654435761u);
    if (key % 97 == 0) tried.check();
  }
  tried.check();
  CHECK(tried.index.bytes() <= 5000 * 16 * 2);
}

TEST_CASE("a sweep comes by every expired slot and by no other") {
  Tried tried;
  for (int key = 0; key < 1000; ++key)
    tried.insert(key, static_cast<uint32_t>(key) * 2654435761u, key % 3 == 0 ? 10 : key % 3 == 1 ? 20 : 0xFFFFFFFF);
  tried.index.shrink();  // nothing is on its way from one table to another
  size_t found = 0;
  for (int slots = 10'000; auto* slot = tried.index.sweep(slots, 15);) {
    CHECK(slot->item->key % 3 == 0);
    tried.erase(slot->item->key);
    ++found;
  }
  CHECK(found == 334);
  tried.check();
}

TEST_CASE("an index shrinks to what it holds") {
  Tried tried;
  for (int key = 0; key < 5000; ++key) tried.insert(key, static_cast<uint32_t>(key) * 2654435761u);
  for (int key = 10; key < 5000; ++key) tried.erase(key);
  tried.index.shrink();
  CHECK(tried.index.bytes() <= 64 * 16);
  tried.check();
  for (int key = 0; key < 10; ++key) tried.erase(key);
  tried.index.shrink();
  CHECK(tried.index.bytes() == 0);
  CHECK(tried.find(1, 1) == nullptr);
}

}  // namespace dormouse::cache_memory
