/* Starts a thread with the host's service and never joins it; the thread ends after `ms`. */
#define _POSIX_C_SOURCE 200809L
#include <time.h>

#include "dormouse/service/thread.h"
#include "table.h"

static struct timespec whole;

static void sleep_a_while(void* nothing) {
  (void)nothing;
  nanosleep(&whole, NULL);
}

static int32_t starting_open(const dm_host* host, const dm_call* call, const dm_open_args* args, void** component) {
  const dm_thread* thread = (const dm_thread*)host->service(host, DM_SERVICE_THREAD);
  dm_thread_handle* forgotten;
  if (!thread) return call->fail(call, DM_FAILED_PRECONDITION, "the host has no " DM_SERVICE_THREAD);
  whole.tv_sec = setting(args, "ms") / 1000;
  whole.tv_nsec = setting(args, "ms") % 1000 * 1000000;
  if (thread->start(host, "forgotten", sleep_a_while, NULL, &forgotten) != DM_OK) return DM_RESOURCE_EXHAUSTED;
  return good_open(host, call, args, component);
}

BAD_PLUGIN_TABLE("forgotten-thread", starting_open, good_close, good_run)
