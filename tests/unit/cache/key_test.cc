#include "cache/key.h"

#include <catch2/catch.hpp>

using namespace dormouse;

namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
CacheKey key(uint64_t stamp, std::vector<uint64_t> versions, const std::string& prefix, const std::string& asked) {
  return {stamp, versions, prefix, bytes_of(asked)};
}

}  // namespace

TEST_CASE("a cache key has stamp and versions and scripts and asker and what is asked in this order") {
  const CacheKey made = key(0x0807060504030201, {0x1211}, key_prefix(0x21, asked_by_method("a", "run")), "in");
  const std::string expected("\x01\x02\x03\x04\x05\x06\x07\x08\x11\x12\0\0\0\0\0\0\x21\0\0\0\0\0\0\0a#run\0in", 32);
  CHECK(made.bytes() == expected);
}

TEST_CASE("a cache key differs with each of its parts") {
  const auto prefix = [](uint64_t scripts, const std::string& who) { return key_prefix(scripts, who); };
  const CacheKey made = key(1, {2}, prefix(3, asked_by_stage("p", "s")), "in");
  CHECK(made.bytes() == key(1, {2}, prefix(3, "p/s"), "in").bytes());
  CHECK(made.bytes() != key(9, {2}, prefix(3, "p/s"), "in").bytes());
  CHECK(made.bytes() != key(1, {9}, prefix(3, "p/s"), "in").bytes());
  CHECK(made.bytes() != key(1, {2}, prefix(9, "p/s"), "in").bytes());
  CHECK(made.bytes() != key(1, {2}, prefix(3, "p#s"), "in").bytes());
  CHECK(made.bytes() != key(1, {2}, prefix(3, "p/s"), "on").bytes());
}

TEST_CASE("what is asked never runs into who asks") {
  CHECK(key(1, {}, key_prefix(0, "p/s"), "t").bytes() != key(1, {}, key_prefix(0, "p/st"), "").bytes());
}

TEST_CASE("a question longer than a key may be has no key") {
  CHECK(key(1, {}, key_prefix(0, "p/s"), std::string(kCacheKeyBytesMax, 'x')));
  CHECK_FALSE(key(1, {}, key_prefix(0, "p/s"), std::string(kCacheKeyBytesMax + 1, 'x')));
}

TEST_CASE("a cache key takes the stamp of what answers in the end") {
  CacheKey made = key(1, {2}, key_prefix(3, "p/s"), "in");
  made.set_stamp(7);
  CHECK(made.bytes() == key(7, {2}, key_prefix(3, "p/s"), "in").bytes());
}

TEST_CASE("a cache key knows the versions it was made with") {
  const CacheKey made = key(1, {2, 3}, key_prefix(4, "p/s"), "in");
  CHECK(made.has_versions(std::vector<uint64_t>{2, 3}));
  CHECK_FALSE(made.has_versions(std::vector<uint64_t>{2, 9}));
  CHECK(key(1, {}, key_prefix(4, "p/s"), "in").has_versions({}));
}

TEST_CASE("an unknown version is never the version of a cache key") {
  CHECK_FALSE(key(1, {0}, key_prefix(4, "p/s"), "in").has_versions(std::vector<uint64_t>{0}));
}
