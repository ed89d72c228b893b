/* Thread-local storage of the initial-exec model: it takes part of a small block that all libraries share. */
#include "table.h"

static __thread char scratch[256] __attribute__((tls_model("initial-exec")));

static int32_t tls_run(void* self, const dm_call* call, dm_value in, dm_writer* out) {
  ++*(volatile char*)&scratch[0];
  return good_run(self, call, in, out);
}

BAD_PLUGIN_TABLE("static-tls", good_open, good_close, tls_run)
