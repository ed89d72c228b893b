#include "kernels.h"

namespace dormouse::search {

#if defined(__x86_64__)
extern const Kernels kAvx2Kernels;    // kernels_avx2.cc
extern const Kernels kAvx512Kernels;  // kernels_avx512.cc

const Kernels* avx2_kernels() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &kAvx2Kernels : nullptr;
}

const Kernels* avx512_kernels() {
  return avx2_kernels() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") ? &kAvx512Kernels
                                                                                                   : nullptr;
}
#else
const Kernels* avx2_kernels() {
  return nullptr;
}

const Kernels* avx512_kernels() {
  return nullptr;
}
#endif

const Kernels& best_kernels() {
  if (const Kernels* widest = avx512_kernels()) return *widest;
  if (const Kernels* wide = avx2_kernels()) return *wide;
  return generic_kernels();
}

}  // namespace dormouse::search
