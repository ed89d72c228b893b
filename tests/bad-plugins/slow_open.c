/* Takes `ms` to open, and gives up when it is told to. */
#define _POSIX_C_SOURCE 200809L
#include <time.h>

#include "table.h"

static int32_t slow_open(const dm_host* host, const dm_call* call, const dm_open_args* args, void** component) {
  const struct timespec one_ms = {0, 1000000};
  int64_t left;
  for (left = setting(args, "ms"); left > 0; --left) {
    if (call->cancelled(call)) return DM_CANCELLED;
    nanosleep(&one_ms, NULL);
  }
  return good_open(host, call, args, component);
}

BAD_PLUGIN_TABLE("slow-open", slow_open, good_close, good_run)
