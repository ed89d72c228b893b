#include "side_by_side.h"

#include <omp.h>

#include <exception>
#include <mutex>

namespace dormouse::search {

void side_by_side(size_t n, unsigned threads, const std::function<void(size_t)>& one) {
  if (n < 2 || threads < 2) {
    for (size_t i = 0; i < n; ++i) one(i);
    return;
  }
  // Nothing may be thrown out of a parallel region.
  std::exception_ptr failure;
  std::mutex mutex;
#ifdef _OPENMP
#pragma omp parallel for num_threads(threads) schedule(dynamic, 1)
#endif
  for (size_t i = 0; i < n; ++i) {
    try {
      one(i);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
}

unsigned current_thread() {
  return static_cast<unsigned>(omp_get_thread_num());
}

void bound_library_threads(unsigned threads) {
  omp_set_num_threads(static_cast<int>(threads));
}

}  // namespace dormouse::search
