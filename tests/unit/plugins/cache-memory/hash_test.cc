#include "hash.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <set>
#include <string>
#include <vector>

namespace dormouse::cache_memory {
namespace {

constexpr HashSecret kSecret = {{0x1234567890ABCDEFu, 0x0FEDCBA987654321u, 0x1111111122222223u, 0x9999999988888887u}};

}  // namespace

TEST_CASE("a hash depends on every byte and on the length") {
  for (size_t size = 1; size < 200; ++size) {
    std::string bytes(size, 'x');
    const uint64_t whole = hash_of(kSecret, bytes);
    CHECK(hash_of(kSecret, bytes) == whole);
    CHECK(hash_of(kSecret, bytes + 'x') != whole);
    CHECK(hash_of(kSecret, bytes + '\0') != whole);
    for (size_t at = 0; at < size; ++at) {
      bytes[at] = 'y';
      if (hash_of(kSecret, bytes) == whole) FAIL("byte " << at << " of " << size << " does not count");
      bytes[at] = 'x';
    }
  }
}

TEST_CASE("who does not know the secret cannot tell which keys collide") {
  const HashSecret one = HashSecret::draw(), other = HashSecret::draw();
  CHECK(hash_of(one, "key") != hash_of(other, "key"));
  // Keys that collide in their low 12 bits with one secret are spread with the other.
  std::set<uint64_t> elsewhere;
  size_t found = 0;
  for (int i = 0; found < 64; ++i) {
    const std::string key = std::to_string(i);
    if ((hash_of(one, key) & 4095) != 7) continue;
    ++found;
    elsewhere.insert(hash_of(other, key) & 4095);
  }
  CHECK(elsewhere.size() > 56);
}

TEST_CASE("hashes of similar keys are spread evenly in all parts of the hash") {
  for (const int shift : {0, 16, 32, 48}) {
    std::vector<int> buckets(1024);
    constexpr int kKeys = 200'000;
    for (int i = 0; i < kKeys; ++i) ++buckets[(hash_of(kSecret, "utterance/" + std::to_string(i)) >> shift) & 1023];
    double chi = 0;
    for (const int count : buckets) chi += std::pow(count - kKeys / 1024.0, 2) / (kKeys / 1024.0);
    CHECK(chi > 1023 - 5 * std::sqrt(2 * 1023.0));
    CHECK(chi < 1023 + 5 * std::sqrt(2 * 1023.0));
  }
}

}  // namespace dormouse::cache_memory
