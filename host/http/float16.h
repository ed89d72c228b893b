// IEEE 754 binary16 to and from float, in portable code: the target may lack the instructions.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace dormouse {

inline float float_of_half(uint16_t half) {
  const float sign = half & 0x8000 ? -1.0f : 1.0f;
  const int exponent = (half >> 10) & 31;
  const float fraction = static_cast<float>(half & 1023);
  if (exponent == 31)
    return fraction == 0 ? sign * std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  return exponent == 0 ? sign * std::ldexp(fraction, -24) : sign * std::ldexp(fraction + 1024, exponent - 25);
}

// Rounds to nearest, ties to even. What is too large becomes infinite.
inline uint16_t half_of_double(double number) {
  const uint16_t sign = std::signbit(number) ? 0x8000 : 0;
  const double size = std::fabs(number);
  if (std::isnan(number)) return sign | 0x7E00;
  if (size >= 65520) return sign | 0x7C00;
  if (size == 0) return sign;  // frexp has no exponent for it
  int exponent = 0;
  std::frexp(size, &exponent);                             // size = m * 2^exponent, m in [0.5, 1)
  const int scale = exponent < -13 ? -24 : exponent - 11;  // of the last bit
  // nearbyint rounds to even in the default mode; a carry runs into the exponent, which is what it should do.
  const auto steps = static_cast<uint16_t>(std::nearbyint(std::ldexp(size, -scale)));
  if (scale == -24) return sign | steps;
  return static_cast<uint16_t>(sign | (static_cast<uint16_t>((scale + 25 - 1) << 10) + steps));
}

}  // namespace dormouse
