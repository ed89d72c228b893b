/* Takes 1 MiB for each open and gives nothing back. */
#include <stdlib.h>

#include "table.h"

static void* volatile leaked;

static int32_t leaking_open(const dm_host* host, const dm_call* call, const dm_open_args* args, void** component) {
  leaked = malloc(1 << 20);
  if (!leaked) return DM_RESOURCE_EXHAUSTED;
  memset(leaked, 1, 1 << 20);
  return good_open(host, call, args, component);
}

BAD_PLUGIN_TABLE("leaks", leaking_open, good_close, good_run)
