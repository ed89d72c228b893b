/* Takes 64 MiB of the heap in small blocks when it is opened, and gives all of it back when it is closed: what a reload
   does to the allocator at its worst. */
#include <stdlib.h>
#include <string.h>

#include "dormouse/plugin.h"

enum { kBlocks = 65536, kBytesMin = 64, kBytesSpread = 1920 };

static int32_t heap_open(const dm_host* host, const dm_call* call, const dm_open_args* args, void** component) {
  void** const blocks = calloc(kBlocks, sizeof *blocks);
  uint32_t random = 1;
  (void)host, (void)args;
  if (blocks == NULL) return call->fail(call, DM_RESOURCE_EXHAUSTED, "no memory");
  for (int i = 0; i < kBlocks; ++i) {
    random = random * 1664525u + 1013904223u;
    const size_t bytes = kBytesMin + (random >> 16) % kBytesSpread;
    blocks[i] = malloc(bytes);
    if (blocks[i] != NULL) memset(blocks[i], 1, bytes);
  }
  *component = blocks;
  return DM_OK;
}

/* Every third one in turn, so that the allocator has to put the pieces together again. */
static void heap_close(void* component) {
  void** const blocks = component;
  for (int start = 0; start < 3; ++start)
    for (int i = start; i < kBlocks; i += 3) free(blocks[i]);
  free(blocks);
}

static int32_t heap_nothing(void* self, const dm_call* call, dm_value in, dm_writer* out) {
  (void)self, (void)call, (void)in;
  out->map_begin(out);
  return out->map_end(out);
}

static const dm_method heap_method = {sizeof(dm_method), 0, "nothing", heap_nothing};
static const dm_method* const heap_methods[] = {&heap_method};
static const dm_type heap_type = {
    .size = sizeof(dm_type),
    .name = "heap",
    .open = heap_open,
    .close = heap_close,
    .methods = heap_methods,
    .method_count = 1,
};
static const dm_type* const heap_types[] = {&heap_type};

const dm_plugin dormouse_plugin = {
    .magic = DM_PLUGIN_MAGIC,
    .size = sizeof(dm_plugin),
    .abi_major = DM_ABI_MAJOR,
    .abi_minor = DM_ABI_MINOR,
    .type_count = 1,
    .id = "heap",
    .version = "1.0.0",
    .types = heap_types,
};
