// What LIBLINEAR's archive takes from its surroundings, under names of our own (CMakeLists.txt renames them in a copy
// of the archive): its random numbers, so that nobody else's rand() disturbs them, and the streams it prints to, since
// the archive is made for programs and reads `stdout` in a way a shared object may not. solver.cc alone includes this.
#pragma once

#include <cstdint>
#include <cstdio>

extern "C" {

// As rand(), from 0 to RAND_MAX.
__attribute__((visibility("hidden"))) int liblinear_rand();
__attribute__((visibility("hidden"))) extern FILE* liblinear_stdout;
__attribute__((visibility("hidden"))) extern FILE* liblinear_stderr;
}

namespace dormouse::intent {

// Begins the numbers of liblinear_rand() anew.
void seed_liblinear(uint64_t seed);

}  // namespace dormouse::intent
