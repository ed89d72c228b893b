// Replays a fuzz target of a file format without libFuzzer: the files that are arguments, then a good file cut at every
// 16th byte, then copies of it with seeded changes of bits and words. Seed and counts are fixed, so a failure repeats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <random>
#include <span>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

inline void damage(std::vector<uint8_t>& bytes, std::mt19937_64& random) {
  // Half of it where sizes and offsets are.
  const size_t end = random() % 2 == 0 ? bytes.size() : std::min<size_t>(bytes.size(), 512);
  for (uint64_t i = 1 + random() % 4; i > 0; --i) {
    const size_t at = 8 + random() % (end - 16);
    const uint64_t word = random() >> (random() % 64);
    if (random() % 2 == 0) {
      bytes[at] = static_cast<uint8_t>(bytes[at] ^ (1u << random() % 8));
    } else {
      std::memcpy(&bytes[at & ~size_t{7}], &word, sizeof word);
    }
  }
}

inline int replay_damaged_copies(std::span<const std::byte> file, int argc, char** argv) {
  constexpr unsigned kSeed = 20240229, kDamaged = 20'000;
  constexpr size_t kCut = 16;
  for (int i = 1; i < argc; ++i) {
    std::ifstream given(argv[i], std::ios::binary);
    const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(given), {}};
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
  const auto* begin = reinterpret_cast<const uint8_t*>(file.data());
  const std::vector<uint8_t> whole(begin, begin + file.size());
  for (size_t size = 0; size <= whole.size(); size += kCut) LLVMFuzzerTestOneInput(whole.data(), size);
  std::mt19937_64 random(kSeed);
  for (unsigned i = 0; i < kDamaged; ++i) {
    std::vector<uint8_t> bytes = whole;
    damage(bytes, random);
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
  std::printf("%u damaged files\n", kDamaged);
  return 0;
}
