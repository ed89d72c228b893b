#include "liblinear_needs.h"

#include <cmath>
#include <cstdlib>

namespace {

uint64_t random_state = 1;

}  // namespace

FILE* liblinear_stdout = nullptr;
FILE* liblinear_stderr = nullptr;

int liblinear_rand() {
  random_state += 0x9E3779B97F4A7C15u;
  uint64_t x = random_state;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return static_cast<int>((x ^ (x >> 31)) & RAND_MAX);
}

void dormouse::intent::seed_liblinear(uint64_t seed) {
  random_state = seed;
}

// The four functions of BLAS that the archive refers to. Only the trust region solver calls them, which is not used
// here, so a library of BLAS, with threads of its own, is not worth being loaded for them.
extern "C" {

__attribute__((visibility("hidden"))) double ddot_(const int* n, const double* x, const int* x_step, const double* y,
                                                   const int* y_step) {
  double sum = 0;
  for (int i = 0; i < *n; ++i) sum += x[i * *x_step] * y[i * *y_step];
  return sum;
}

__attribute__((visibility("hidden"))) double dnrm2_(const int* n, const double* x, const int* step) {
  return std::sqrt(ddot_(n, x, step, x, step));
}

__attribute__((visibility("hidden"))) int daxpy_(const int* n, const double* factor, const double* x, const int* x_step,
                                                 double* y, const int* y_step) {
  for (int i = 0; i < *n; ++i) y[i * *y_step] += *factor * x[i * *x_step];
  return 0;
}

__attribute__((visibility("hidden"))) int dscal_(const int* n, const double* factor, double* x, const int* step) {
  for (int i = 0; i < *n; ++i) x[i * *step] *= *factor;
  return 0;
}
}
