// kernels.h for any CPU: four floats at a time in the compiler's own vectors.
#include "kernels.h"

namespace dormouse::search {
namespace {

typedef float Vec __attribute__((vector_size(16)));
constexpr size_t kLanes = 4;
constexpr size_t kTileRows = 2;

inline Vec load(const float* p) {
  Vec v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
inline Vec load_part(const float* p, size_t n) {
  Vec v{};
  for (size_t i = 0; i < n; ++i) v[i] = p[i];
  return v;
}
inline Vec load_bytes(const uint8_t* p) {
  return Vec{static_cast<float>(p[0]), static_cast<float>(p[1]), static_cast<float>(p[2]), static_cast<float>(p[3])};
}
inline Vec load_bytes_part(const uint8_t* p, size_t n) {
  Vec v{};
  for (size_t i = 0; i < n; ++i) v[i] = p[i];
  return v;
}
inline float sum(Vec v) {
  return (v[0] + v[1]) + (v[2] + v[3]);
}
inline void sum4(Vec a, Vec b, Vec c, Vec d, float* out) {
  out[0] = sum(a), out[1] = sum(b), out[2] = sum(c), out[3] = sum(d);
}

#include "kernels_body.inc"

constexpr Kernels kKernels = kernels("generic");

}  // namespace

const Kernels& generic_kernels() {
  return kKernels;
}

}  // namespace dormouse::search
