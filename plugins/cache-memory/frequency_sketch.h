// How often hashes were seen lately, about: four counters of four bits for each hash, of which the smallest tells. All
// counters are halved once ten times as many uses as entries were counted, so that the past fades.
// The halving goes on in pieces with the next uses, because the lock of the shard is held meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace dormouse::cache_memory {

class FrequencySketch {
 public:
  // Has counters for that many entries; what was counted stays. Without memory for more, it does with what it has.
  void make_room_for(size_t entries) noexcept;
  uint64_t growth(size_t entries) const noexcept { return (words_for(entries) - words_) * sizeof(uint64_t); }
  void count(uint64_t hash) noexcept;
  uint32_t frequency(uint64_t hash) const noexcept;  // 0 to 15
  void clear() noexcept;
  uint64_t bytes() const noexcept { return words_ * sizeof(uint64_t); }

 private:
  static constexpr size_t kBlock = 8;          // words: a cache line, in which all four counters of a hash are
  static constexpr size_t kHalvedAtOnce = 64;  // words
  size_t block_of(uint64_t mixed) const noexcept { return (mixed & (words_ / kBlock - 1)) * kBlock; }
  size_t words_for(size_t entries) const noexcept {
    size_t words = words_ > kBlock ? words_ : kBlock;
    while (words < entries) words *= 2;
    return words;
  }
  void halve_some() noexcept;

  std::unique_ptr<uint64_t[]> table_;
  size_t words_ = 0;   // a power of two; sixteen counters each
  size_t halved_ = 0;  // words of the halving under way; words_: none is
  uint64_t counted_ = 0;
  uint64_t sample_ = 0;
};

}  // namespace dormouse::cache_memory
