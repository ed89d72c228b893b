/* Capability "dormouse.trim/1": gives back what can be made again, without closing. */
#ifndef DORMOUSE_EXT_TRIM_H
#define DORMOUSE_EXT_TRIM_H

#include "dormouse/plugin.h"

#define DM_EXT_TRIM "dormouse.trim/1"

typedef struct dm_trim {
  uint32_t size;
  uint32_t reserved;
  /* Drops caches and scratch memory of the component; it stays callable, and later calls may be slower.
     Thread: [lane]. State: ready, idle: no call runs; instances may exist and are destroyed afterwards. */
  int32_t (*trim)(void* component, const dm_call* call);
} dm_trim;

#endif
