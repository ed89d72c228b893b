/* Takes `ms` to open whatever it is told, and then succeeds. */
#define _POSIX_C_SOURCE 200809L
#include <time.h>

#include "table.h"

static int32_t deaf_open(const dm_host* host, const dm_call* call, const dm_open_args* args, void** component) {
  const int64_t ms = setting(args, "ms");
  const struct timespec whole = {ms / 1000, (ms % 1000) * 1000000};
  nanosleep(&whole, NULL);
  return good_open(host, call, args, component);
}

BAD_PLUGIN_TABLE("deaf-open", deaf_open, good_close, good_run)
