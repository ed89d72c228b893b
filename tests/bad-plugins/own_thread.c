/* Leaves a thread of its own behind that runs on in this code. Nothing inside a process protects from it; it is here
   for the process of its own that such a plugin needs, and for docs/unloading.md. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <time.h>

#include "table.h"

static void* run_on(void* nothing) {
  const struct timespec one_ms = {0, 1000000};
  for (;;) nanosleep(&one_ms, NULL);
  return nothing;
}

static int32_t detaching_open(const dm_host* host, const dm_call* call, const dm_open_args* args, void** component) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, run_on, NULL) != 0) return DM_RESOURCE_EXHAUSTED;
  pthread_detach(thread);
  return good_open(host, call, args, component);
}

BAD_PLUGIN_TABLE("own-thread", detaching_open, good_close, good_run)
