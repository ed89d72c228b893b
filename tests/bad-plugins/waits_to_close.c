/* Closes when there is something to read from the descriptor `ms`, and not before. */
#include <unistd.h>

#include "table.h"

static int descriptor;

static int32_t keep_descriptor(const dm_host* host, const dm_call* call, const dm_open_args* args, void** component) {
  descriptor = (int)setting(args, "ms");
  return good_open(host, call, args, component);
}

static void waiting_close(void* component) {
  char byte;
  if (read(descriptor, &byte, 1) < 0) byte = 0;
  good_close(component);
}

BAD_PLUGIN_TABLE("waits-to-close", keep_descriptor, waiting_close, good_run)
