/* Works in a static constructor, under the loader's lock: every other load of the process waits for it. */
#define _POSIX_C_SOURCE 200809L
#include <time.h>

#include "table.h"

__attribute__((constructor)) static void work(void) {
  const struct timespec whole = {0, 200 * 1000000};
  nanosleep(&whole, NULL);
}

BAD_PLUGIN_TABLE("slow-constructor", good_open, good_close, good_run)
