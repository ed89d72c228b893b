// kernels.h for CPUs with AVX-512 (F and DQ). Compiled with flags of its own, so nothing but this table may leave it.
#include "kernels.h"

#include <immintrin.h>

namespace dormouse::search {
namespace {

typedef __m512 Vec;
constexpr size_t kLanes = 16;
constexpr size_t kTileRows = 4;  // 16 sums and 8 vectors: 24 of 32 registers

inline __mmask16 mask(size_t n) {
  return static_cast<__mmask16>((1u << n) - 1);
}
inline Vec load(const float* p) {
  return _mm512_loadu_ps(p);
}
inline Vec load_part(const float* p, size_t n) {
  return n >= kLanes ? load(p) : _mm512_maskz_loadu_ps(mask(n), p);
}
inline Vec load_bytes(const uint8_t* p) {
  return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}
inline Vec load_bytes_part(const uint8_t* p, size_t n) {
  uint8_t bytes[kLanes] = {};
  for (size_t i = 0; i < n; ++i) bytes[i] = p[i];
  return load_bytes(bytes);
}
inline __m256 fold(Vec v) {
  return _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
}
inline void sum4(Vec a, Vec b, Vec c, Vec d, float* out) {
  const __m256 halves = _mm256_hadd_ps(_mm256_hadd_ps(fold(a), fold(b)), _mm256_hadd_ps(fold(c), fold(d)));
  _mm_storeu_ps(out, _mm_add_ps(_mm256_castps256_ps128(halves), _mm256_extractf128_ps(halves, 1)));
}
inline float sum(Vec v) {
  const __m256 half = fold(v);
  const __m128 quarter = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
  const __m128 pair = _mm_add_ps(quarter, _mm_movehl_ps(quarter, quarter));
  return _mm_cvtss_f32(_mm_add_ss(pair, _mm_shuffle_ps(pair, pair, 1)));
}

#include "kernels_body.inc"

}  // namespace

extern const Kernels kAvx512Kernels;
constinit const Kernels kAvx512Kernels = kernels("avx512");

}  // namespace dormouse::search
