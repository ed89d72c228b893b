/* A parallel region: libgomp keeps a pool of threads for the thread that entered it. */
#include "table.h"

static int32_t parallel_run(void* self, const dm_call* call, dm_value in, dm_writer* out) {
  int sum = 0;
#pragma omp parallel for reduction(+ : sum) num_threads(2)
  for (int i = 0; i < 1000; ++i) sum += i;
  return sum == 499500 ? good_run(self, call, in, out) : DM_INTERNAL;
}

BAD_PLUGIN_TABLE("openmp", good_open, good_close, parallel_run)
