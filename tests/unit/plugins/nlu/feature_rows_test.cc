#include "nlu/feature_rows.h"

#include <catch2/catch.hpp>
#include <cmath>

namespace dormouse::nlu {

TEST_CASE("numbers of 16 bits come back within their precision") {
  for (float x : {0.0f, 1.0f, -1.0f, 0.333f, 1e-3f, -2.5e-7f, 65504.0f, -123.456f}) {
    INFO(x);
    CHECK(std::fabs(from_half(to_half(x)) - x) <= std::fabs(x) / 2000 + 3e-8f);
  }
  CHECK(from_half(to_half(1e9f)) == 65504.0f);
  CHECK(from_half(to_half(NAN)) == 0.0f);
}

}  // namespace dormouse::nlu
