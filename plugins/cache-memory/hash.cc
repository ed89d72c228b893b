#include "hash.h"

#include <sys/random.h>

#include <cstring>

#include "dormouse/plugin.hpp"

namespace dormouse::cache_memory {
namespace {

// Both halves of the 128-bit product: each bit of the result depends on each bit of both factors.
uint64_t fold(uint64_t a, uint64_t b) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

uint64_t word_at(const char* bytes) noexcept {
  uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

uint64_t part_at(const char* bytes, size_t size) noexcept {
  uint64_t word = 0;
  std::memcpy(&word, bytes, size);
  return word;
}

}  // namespace

HashSecret HashSecret::draw() {
  HashSecret secret{};
  if (getentropy(secret.words, sizeof secret.words) != 0)
    throw Failure(DM_UNAVAILABLE, "the kernel gives no random numbers (getentropy), which the hash of keys needs");
  for (uint64_t& word : secret.words) word |= 1;  // a factor of nought would swallow the other one
  return secret;
}

uint64_t hash_of(const HashSecret& secret, std::string_view bytes) noexcept {
  const uint64_t* s = secret.words;
  const char* at = bytes.data();
  size_t left = bytes.size();
  uint64_t a = fold(bytes.size() ^ s[0], s[1]), b = a ^ s[2];
  // Two chains side by side, so that long keys do not wait for one multiplication after the other.
  for (; left >= 32; at += 32, left -= 32) {
    a = fold(word_at(at) ^ s[1] ^ a, word_at(at + 8) ^ s[2]);
    b = fold(word_at(at + 16) ^ s[3] ^ b, word_at(at + 24) ^ s[0]);
  }
  if (left >= 16) {
    a = fold(word_at(at) ^ s[1] ^ a, word_at(at + 8) ^ s[3]);
    at += 16;
    left -= 16;
  }
  const uint64_t first = left >= 8 ? word_at(at) : part_at(at, left);
  const uint64_t second = left > 8 ? part_at(at + 8, left - 8) : 0;
  b = fold(first ^ s[2] ^ b, second ^ s[0]);
  return fold(a ^ s[3], b ^ s[1]);
}

}  // namespace dormouse::cache_memory
