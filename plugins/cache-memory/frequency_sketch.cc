#include "frequency_sketch.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace dormouse::cache_memory {
namespace {

constexpr uint64_t kSampleFactor = 10;
constexpr int kRows = 4;

uint64_t mix(uint64_t hash) noexcept {
  hash = (hash ^ (hash >> 32)) * 0xD6E8FEB86659FD93u;
  return hash ^ (hash >> 32);
}

// One of the two words of a row, and one of the sixteen counters in it: five bits of the hash.
struct Counter {
  size_t word;
  unsigned shift;
};
Counter counter_of(uint64_t mixed, size_t block, int row) noexcept {
  const auto bits = static_cast<unsigned>(mixed >> (40 + 6 * row));
  return {block + 2 * static_cast<size_t>(row) + (bits & 1), ((bits >> 1) & 15) * 4};
}

}  // namespace

// The low bits of a hash choose the block, so when the table doubles, a hash finds what it had in either half.
void FrequencySketch::make_room_for(size_t entries) noexcept {
  sample_ = std::max<uint64_t>(sample_, kSampleFactor * entries);
  const size_t words = words_for(entries);
  if (words == words_) return;
  std::unique_ptr<uint64_t[]> larger(new (std::nothrow) uint64_t[words]());
  if (!larger) return;
  for (size_t at = 0; words_ != 0 && at < words; at += words_)
    std::memcpy(larger.get() + at, table_.get(), words_ * sizeof(uint64_t));
  table_ = std::move(larger);
  halved_ = words_ = words;
}

void FrequencySketch::count(uint64_t hash) noexcept {
  if (words_ == 0) return;
  if (halved_ < words_) halve_some();
  const uint64_t mixed = mix(hash);
  const size_t block = block_of(mixed);
  bool any = false;
  for (int row = 0; row < kRows; ++row) {
    const Counter counter = counter_of(mixed, block, row);
    uint64_t& word = table_[counter.word];
    if (((word >> counter.shift) & 15) == 15) continue;
    word += uint64_t{1} << counter.shift;
    any = true;
  }
  if (any && ++counted_ >= sample_ && halved_ == words_) {
    counted_ /= 2;
    halved_ = 0;
  }
}

uint32_t FrequencySketch::frequency(uint64_t hash) const noexcept {
  if (words_ == 0) return 0;
  const uint64_t mixed = mix(hash);
  const size_t block = block_of(mixed);
  uint64_t least = 15;
  for (int row = 0; row < kRows; ++row) {
    const Counter counter = counter_of(mixed, block, row);
    least = std::min(least, (table_[counter.word] >> counter.shift) & 15);
  }
  return static_cast<uint32_t>(least);
}

void FrequencySketch::halve_some() noexcept {
  const size_t end = std::min(halved_ + kHalvedAtOnce, words_);
  for (; halved_ < end; ++halved_) table_[halved_] = (table_[halved_] >> 1) & 0x7777777777777777u;
}

void FrequencySketch::clear() noexcept {
  table_.reset();
  words_ = halved_ = 0;
  counted_ = sample_ = 0;
}

}  // namespace dormouse::cache_memory
