#include "base/fnv.h"

#include <catch2/catch.hpp>

namespace dormouse {
namespace {

uint64_t hash_of(std::string_view text) {
  Fnv hash;
  hash.add(text);
  return hash.value();
}

}  // namespace

TEST_CASE("the hash is FNV-1a by its published vectors") {
  CHECK(hash_of("") == 0xcbf29ce484222325u);
  CHECK(hash_of("a") == 0xaf63dc4c8601ec8cu);
  CHECK(hash_of("foobar") == 0x85944171f73967e8u);
}

TEST_CASE("a number is its bytes from the lowest on") {
  Fnv hash;
  hash.add(uint64_t{0x6261});
  CHECK(hash.value() == hash_of(std::string_view("ab\0\0\0\0\0\0", 8)));
}

TEST_CASE("texts of a list do not run together") {
  const auto hash_of_two = [](std::string_view a, std::string_view b) {
    Fnv hash;
    hash.add(a);
    hash.end_text();
    hash.add(b);
    hash.end_text();
    return hash.value();
  };
  CHECK(hash_of_two("ab", "c") != hash_of_two("a", "bc"));
}

}  // namespace dormouse
