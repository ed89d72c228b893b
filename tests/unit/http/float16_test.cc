#include "http/float16.h"

#include <catch2/catch.hpp>

namespace dormouse {

TEST_CASE("every half comes back from float") {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const float number = float_of_half(half);
    if (std::isnan(number)) continue;
    REQUIRE(half_of_double(number) == half);
  }
}

TEST_CASE("known halves have their values") {
  CHECK(float_of_half(0x3C00) == 1.0f);
  CHECK(float_of_half(0x7BFF) == 65504.0f);
  CHECK(float_of_half(0x0001) == std::ldexp(1.0f, -24));
  CHECK(float_of_half(0xC000) == -2.0f);
}

TEST_CASE("halves round to nearest and ties go to even") {
  CHECK(half_of_double(1 + std::ldexp(1.0, -11)) == 0x3C00);                         // tie, down to even
  CHECK(half_of_double(1 + 3 * std::ldexp(1.0, -11)) == 0x3C02);                     // tie, up to even
  CHECK(half_of_double(1 + std::ldexp(1.0, -11) + std::ldexp(1.0, -30)) == 0x3C01);  // above the tie
  CHECK(half_of_double(65519.99) == 0x7BFF);
  CHECK(half_of_double(65520) == 0x7C00);
  CHECK(half_of_double(std::ldexp(1.0, -26)) == 0);
  CHECK(half_of_double(std::ldexp(0.999999, -14)) == 0x0400);  // a carry from the subnormals
}

}  // namespace dormouse
