// The hashes of what was evicted last, eight bytes for each: a fingerprint and when. A bucket of eight holds those
// whose hashes lead there; when it is full the oldest gives way, a little early. Not a filter: `take` of a hash that
// was added recently and not taken since is true but for that, and of another one false but for one in some 500
// million.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace dormouse::cache_memory {

class Ghost {
 public:
  // Prepares for that many; without memory for them it does with what it has.
  void make_room_for(uint32_t limit) noexcept;
  // What that will add to bytes().
  uint64_t growth(uint32_t limit) const noexcept {
    return current_.buckets >= buckets_for(limit) ? 0 : larger(limit) * sizeof(Bucket);
  }
  // Remembers it among the last `limit`.
  void add(uint64_t hash, uint32_t limit) noexcept;
  // Whether it is remembered; not any more then.
  bool take(uint64_t hash) noexcept;
  void clear() noexcept;
  uint64_t bytes() const noexcept { return (current_.buckets + older_.buckets) * sizeof(Bucket); }

 private:
  struct Slot {
    uint32_t fingerprint;  // 0: empty
    uint32_t added;        // the value of clock_
  };
  static constexpr size_t kWays = 8;
  struct Bucket {
    Slot slots[kWays];
  };
  struct Free {
    void operator()(Bucket* memory) const noexcept { std::free(memory); }
  };
  struct Table {
    std::unique_ptr<Bucket[], Free> memory;  // of calloc: pages that were never touched cost nothing
    size_t buckets = 0;
    Slot* find(uint64_t hash) const noexcept;
    // Multiplied first: the upper bits are the same for all hashes of a shard, the lower ones are the fingerprint.
    Bucket& bucket_of(uint64_t hash) const noexcept {
      return memory[(((hash * 0x9E3779B97F4A7C15u) >> 32) * buckets) >> 32];
    }
  };

  // At most two thirds full: eight ways then overflow for few.
  static size_t buckets_for(uint32_t limit) noexcept { return (size_t{limit} * 3 / 2 + kWays - 1) / kWays; }
  static size_t larger(uint32_t limit) noexcept { return buckets_for(limit) * 3 / 2; }

  Table current_;
  Table older_;         // the smaller one before; its hashes are not moved, they run out
  uint32_t clock_ = 0;  // additions
  uint32_t grown_at_ = 0;
  uint32_t limit_ = 0;
};

}  // namespace dormouse::cache_memory
