// What FAISS's headers and this folder need of OpenMP's interface, as libgomp has it. For clang without an OpenMP of
// its own, which does not understand g++'s omp.h; with g++ this file is not used.
#pragma once

extern "C" {
typedef struct {
  unsigned char opaque[4] __attribute__((aligned(4)));
} omp_lock_t;
void omp_init_lock(omp_lock_t*);
void omp_destroy_lock(omp_lock_t*);
void omp_set_lock(omp_lock_t*);
void omp_unset_lock(omp_lock_t*);
int omp_get_thread_num();
int omp_get_max_threads();
int omp_get_num_threads();
void omp_set_num_threads(int);
}
