/* Adds the numbers below a million with an OpenMP team, whose threads outlive the call and not the lane. */
#include <omp.h>

#include "dormouse/plugin.h"

static char the_component;

static int32_t openmp_open(const dm_host* host, const dm_call* call, const dm_open_args* args, void** component) {
  (void)host, (void)call, (void)args;
  *component = &the_component;
  return DM_OK;
}

static void openmp_close(void* component) {
  (void)component;
}

static int32_t openmp_sum(void* self, const dm_call* call, dm_value in, dm_writer* out) {
  int64_t sum = 0;
  int64_t i;
  (void)self, (void)call, (void)in;
#pragma omp parallel for num_threads(3) reduction(+ : sum)
  for (i = 0; i < 1000000; ++i) sum += i;
  out->map_begin(out);
  out->key(out, "sum", 3);
  out->integer(out, sum);
  return out->map_end(out);
}

static const dm_method openmp_method = {sizeof(dm_method), 0, "sum", openmp_sum};
static const dm_method* const openmp_methods[] = {&openmp_method};
static const dm_type openmp_type = {
    .size = sizeof(dm_type),
    .name = "openmp",
    .open = openmp_open,
    .close = openmp_close,
    .methods = openmp_methods,
    .method_count = 1,
};
static const dm_type* const openmp_types[] = {&openmp_type};

const dm_plugin dormouse_plugin = {
    .magic = DM_PLUGIN_MAGIC,
    .size = sizeof(dm_plugin),
    .abi_major = DM_ABI_MAJOR,
    .abi_minor = DM_ABI_MINOR,
    .type_count = 1,
    .id = "openmp",
    .version = "1.0.0",
    .types = openmp_types,
};
