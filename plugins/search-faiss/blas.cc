// The little of BLAS and LAPACK that FAISS asks for. Of all that FAISS can do this plugin uses k-means, quantisers and
// the graph; of those only training multiplies matrices, and its assignments run on the kernels of this folder. A whole
// BLAS would bring 35 MB, a pool of threads at load time, and stay mapped when the plugin is gone.
#include <cstddef>
#include <vector>

#include "dormouse/value.hpp"
#include "kernels.h"

namespace {

[[noreturn]] void missing(const char* name) {
  throw dormouse::Failure(DM_INTERNAL, std::string("FAISS called ") + name + ", which this plugin was built without");
}

}  // namespace

extern "C" {

// C = alpha * op(A) * op(B) + beta * C, column by column, as BLAS says it.
int sgemm_(const char* transpose_a, const char* transpose_b, const int* m, const int* n, const int* k,
           const float* alpha, const float* a, const int* lda, const float* b, const int* ldb, const float* beta,
           float* c, const int* ldc) {
  const bool ta = *transpose_a == 'T' || *transpose_a == 't', tb = *transpose_b == 'T' || *transpose_b == 't';
  const auto rows = static_cast<size_t>(*m), columns = static_cast<size_t>(*n), depth = static_cast<size_t>(*k);
  const auto a_step = static_cast<size_t>(*lda), b_step = static_cast<size_t>(*ldb), c_step = static_cast<size_t>(*ldc);
  const dormouse::search::Kernels& kernels = dormouse::search::best_kernels();
  // Rows of op(A) and columns of op(B) one behind the other; FAISS asks for the transposed A, where that is the case.
  std::vector<float> packed;
  if (!ta) {
    packed.resize(rows * depth);
    for (size_t l = 0; l < depth; ++l)
      for (size_t i = 0; i < rows; ++i) packed[i * depth + l] = a[l * a_step + i];
  }
  std::vector<float> column(tb ? depth : 0);
  for (size_t j = 0; j < columns; ++j) {
    const float* right = b + j * b_step;
    if (tb) {
      for (size_t l = 0; l < depth; ++l) column[l] = b[l * b_step + j];
      right = column.data();
    }
    for (size_t i = 0; i < rows; ++i) {
      float& to = c[j * c_step + i];
      const float product = *alpha * kernels.dot(ta ? a + i * a_step : packed.data() + i * depth, right, depth);
      to = *beta == 0 ? product : product + *beta * to;
    }
  }
  return 0;
}

// Of other parts of FAISS, which the linker cannot tell apart from the ones in use.
int dgemm_(...) {
  missing("dgemm");
}
int ssyrk_(...) {
  missing("ssyrk");
}
int dsyev_(...) {
  missing("dsyev");
}
int sgesvd_(...) {
  missing("sgesvd");
}
int dgesvd_(...) {
  missing("dgesvd");
}
int sgeqrf_(...) {
  missing("sgeqrf");
}
int sorgqr_(...) {
  missing("sorgqr");
}
}
