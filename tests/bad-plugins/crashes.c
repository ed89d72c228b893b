/* Writes to address 0 when it is called. For a process of its own: inside the host it takes the host with it. */
#include "table.h"

static int32_t crashing_run(void* self, const dm_call* call, dm_value in, dm_writer* out) {
  *(volatile int*)NULL = 1;
  return good_run(self, call, in, out);
}

BAD_PLUGIN_TABLE("crashes", good_open, good_close, crashing_run)
