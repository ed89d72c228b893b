#include "kernels.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <vector>

namespace dormouse::search {
namespace {

std::vector<const Kernels*> all_kernels() {
  std::vector<const Kernels*> all = {&generic_kernels()};
  for (const Kernels* kernels : {avx2_kernels(), avx512_kernels()})
    if (kernels) all.push_back(kernels);
  return all;
}

struct Sample {
  explicit Sample(size_t n) : a(n), b(n), scale(n), code(n) {
    std::mt19937 random(static_cast<unsigned>(n));
    std::uniform_real_distribution<float> number(-1, 1);
    for (size_t i = 0; i < n; ++i) {
      a[i] = number(random), b[i] = number(random), scale[i] = 0.01f * number(random);
      code[i] = static_cast<uint8_t>(random() % 256);
    }
  }
  // On the heap and exactly as long as they are, so that a reader beyond the end meets the sanitizer.
  std::vector<float> a, b, scale;
  std::vector<uint8_t> code;
};

Approx near(double value, size_t n) {
  return Approx(value).margin(1e-6 * (1 + static_cast<double>(n)));
}

}  // namespace

TEST_CASE("distances equal those of plain arithmetic at every length") {
  for (const Kernels* kernels : all_kernels()) {
    for (size_t n = 0; n <= 200; ++n) {
      const Sample s(n);
      double l2 = 0, dot = 0, l2_bytes = 0, dot_bytes = 0;
      for (size_t i = 0; i < n; ++i) {
        const double a = s.a[i], b = s.b[i], decoded = static_cast<double>(s.scale[i]) * s.code[i];
        l2 += (a - b) * (a - b), dot += a * b;
        l2_bytes += (a - decoded) * (a - decoded), dot_bytes += a * s.code[i];
      }
      INFO(kernels->name << " " << n);
      REQUIRE(kernels->l2(s.a.data(), s.b.data(), n) == near(l2, n));
      REQUIRE(kernels->dot(s.a.data(), s.b.data(), n) == near(dot, n));
      REQUIRE(kernels->l2_bytes(s.a.data(), s.scale.data(), s.code.data(), n) == near(l2_bytes, n));
      REQUIRE(kernels->dot_bytes(s.a.data(), s.code.data(), n) == near(dot_bytes, 100 * n));
    }
  }
}

TEST_CASE("a tile equals its sixteen single distances at every padded length") {
  for (const Kernels* kernels : all_kernels()) {
    for (size_t n = kPadding; n <= 160; n += kPadding) {
      std::vector<Sample> samples;
      for (size_t i = 0; i < kTile; ++i) samples.emplace_back(n * (i + 1));
      const float* a[kTile];
      const float* b[kTile];
      for (size_t i = 0; i < kTile; ++i) a[i] = samples[i].a.data(), b[i] = samples[i].b.data();
      float l2[kTile * kTile], dot[kTile * kTile];
      kernels->l2_tile(a, b, n, l2);
      kernels->dot_tile(a, b, n, dot);
      for (size_t i = 0; i < kTile; ++i) {
        for (size_t j = 0; j < kTile; ++j) {
          INFO(kernels->name << " " << n << " " << i << " " << j);
          REQUIRE(l2[kTile * i + j] == near(kernels->l2(a[i], b[j], n), n));
          REQUIRE(dot[kTile * i + j] == near(kernels->dot(a[i], b[j], n), n));
        }
      }
    }
  }
}

TEST_CASE("whole numbers are summed without any error") {
  std::vector<float> a(128), b(128);
  float wanted = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    a[i] = static_cast<float>(i * 37 % 256), b[i] = static_cast<float>(i * 91 % 256);
    wanted += (a[i] - b[i]) * (a[i] - b[i]);
  }
  for (const Kernels* kernels : all_kernels()) CHECK(kernels->l2(a.data(), b.data(), a.size()) == wanted);
}

TEST_CASE("the widest kernels of this machine are chosen") {
  CHECK(&best_kernels() == all_kernels().back());
}

}  // namespace dormouse::search
