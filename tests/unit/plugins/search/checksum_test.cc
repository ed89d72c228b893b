#include "search/checksum.h"

#include <catch2/catch.hpp>
#include <string>

namespace dormouse::search {

TEST_CASE("the checksum of the standard's example is the standard's") {
  CHECK(crc32c(0, "123456789", 9) == 0xE3069283);
  CHECK(crc32c_portable(0, "123456789", 9) == 0xE3069283);
}

TEST_CASE("with the instruction of the CPU and without it checksums are equal") {
  std::string text;
  for (int i = 0; i < 100; ++i) {
    CHECK(crc32c(7, text.data(), text.size()) == crc32c_portable(7, text.data(), text.size()));
    text.push_back(static_cast<char>(i * 31));
  }
}

TEST_CASE("a checksum may be computed piece by piece") {
  CHECK(crc32c(crc32c(0, "12345", 5), "6789", 4) == 0xE3069283);
}

}  // namespace dormouse::search
