// kernels.h for CPUs with AVX2 and FMA. Compiled with -mavx2 -mfma, so nothing but these tables may leave this file.
#include "kernels.h"

#include <immintrin.h>

namespace dormouse::search {
namespace {

typedef __m256 Vec;
constexpr size_t kLanes = 8;
constexpr size_t kTileRows = 2;  // 8 sums, 2 rows and what is being computed: 16 registers

alignas(32) const int32_t kMasks[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};

inline __m256i mask(size_t n) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kMasks + 8 - n));
}
inline Vec load(const float* p) {
  return _mm256_loadu_ps(p);
}
inline Vec load_part(const float* p, size_t n) {
  return _mm256_maskload_ps(p, mask(n));
}
inline Vec load_bytes(const uint8_t* p) {
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
}
inline Vec load_bytes_part(const uint8_t* p, size_t n) {
  uint8_t bytes[kLanes] = {};
  for (size_t i = 0; i < n; ++i) bytes[i] = p[i];
  return load_bytes(bytes);
}
inline void sum4(Vec a, Vec b, Vec c, Vec d, float* out) {
  const Vec halves = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
  _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(halves), _mm256_extractf128_ps(halves, 1)));
}
inline float sum(Vec v) {
  const __m128 quarter = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  const __m128 pair = _mm_add_ps(quarter, _mm_movehl_ps(quarter, quarter));
  return _mm_cvtss_f32(_mm_add_ss(pair, _mm_shuffle_ps(pair, pair, 1)));
}

#include "kernels_body.inc"

}  // namespace

extern const Kernels kAvx2Kernels;
constinit const Kernels kAvx2Kernels = kernels("avx2");

}  // namespace dormouse::search
