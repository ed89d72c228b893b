/* Service "dormouse.thread/1": threads that the host knows of, so that unloading can wait for them or name them.
   A plugin that starts threads on its own must join them in close; with this service a forgotten one is a line in the
   ledger instead of a crash. */
#ifndef DORMOUSE_SERVICE_THREAD_H
#define DORMOUSE_SERVICE_THREAD_H

#include "dormouse/plugin.h"

#define DM_SERVICE_THREAD "dormouse.thread/1"

typedef struct dm_thread_handle dm_thread_handle;

typedef struct dm_thread {
  uint32_t size;
  uint32_t reserved;
  /* Runs body(argument) on a new thread called `name` (at most 15 bytes are shown).
     Owner: *handle is the host's until join. Errors: resource_exhausted. */
  int32_t (*start)(const dm_host* host, const char* name, void (*body)(void* argument), void* argument,
                   dm_thread_handle** handle);
  /* Waits until body has returned, and frees the handle. Never from the thread itself. */
  void (*join)(const dm_host* host, dm_thread_handle* handle);
} dm_thread;

#endif
