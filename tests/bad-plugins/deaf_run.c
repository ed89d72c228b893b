/* Takes `ms` for each answer, whatever it is told. */
#define _POSIX_C_SOURCE 200809L
#include <time.h>

#include "table.h"

static struct timespec whole;

static int32_t keep_ms(const dm_host* host, const dm_call* call, const dm_open_args* args, void** component) {
  whole.tv_sec = setting(args, "ms") / 1000;
  whole.tv_nsec = setting(args, "ms") % 1000 * 1000000;
  return good_open(host, call, args, component);
}

static int32_t deaf_run(void* self, const dm_call* call, dm_value in, dm_writer* out) {
  nanosleep(&whole, NULL);
  return good_run(self, call, in, out);
}

BAD_PLUGIN_TABLE("deaf-run", keep_ms, good_close, deaf_run)
