// Distances between float vectors, in as many versions as there are instruction sets worth having; the machine decides
// at run time, by asking the CPU and never by an ifunc resolver, which would keep the plugin mapped.
// Not an index: no rows, no ids. Pure functions of their arguments, any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dormouse::search {

// Vectors are padded with zeros to a multiple of this many elements where a contract below says "padded".
inline constexpr size_t kPadding = 16;
inline constexpr size_t kTile = 4;

// One version of everything. `n` is the number of elements; any, and no alignment is asked for.
struct Kernels {
  const char* name;  // "avx512", "avx2", "generic"
  // Sum of (a - b) squared.
  float (*l2)(const float* a, const float* b, size_t n);
  // Sum of a * b.
  float (*dot)(const float* a, const float* b, size_t n);
  // The same for kTile vectors with kTile others, all padded: out[kTile * i + j] for a[i] and b[j]. Each vector that is
  // read serves four times, which is what makes a batch of queries cheaper than as many single ones.
  void (*l2_tile)(const float* const* a, const float* const* b, size_t n, float* out);
  void (*dot_tile)(const float* const* a, const float* const* b, size_t n, float* out);
  // Sum of (a - scale * code) squared, and of a * code: vectors of one byte an element are never unpacked.
  float (*l2_bytes)(const float* a, const float* scale, const uint8_t* code, size_t n);
  float (*dot_bytes)(const float* a, const uint8_t* code, size_t n);
};

const Kernels& generic_kernels();
// Null where this CPU, or the machine this was compiled for, has no such instructions.
const Kernels* avx2_kernels();
const Kernels* avx512_kernels();
// The widest there is.
const Kernels& best_kernels();

}  // namespace dormouse::search
