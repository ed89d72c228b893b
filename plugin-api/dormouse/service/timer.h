/* Service "dormouse.timer/1": a callback after some time, on the component's own lane, so it never meets a closed
   library: closing cancels what the component forgot to cancel, and the ledger names it. */
#ifndef DORMOUSE_SERVICE_TIMER_H
#define DORMOUSE_SERVICE_TIMER_H

#include "dormouse/plugin.h"

#define DM_SERVICE_TIMER "dormouse.timer/1"

typedef struct dm_timer {
  uint32_t size;
  uint32_t reserved;
  /* Runs callback(argument) once, `delay_ms` from now. Does not keep the component awake: a timer resets no idle clock.
     Returns an id > 0, or 0 beyond 1,024 pending timers. Thread: [any]; the callback runs on [lane]. */
  uint64_t (*start)(const dm_host* host, uint32_t delay_ms, void (*callback)(void* argument), void* argument);
  /* 1: it will not run any more. 0: it ran, runs, or never was. Thread: [any]. */
  int (*cancel)(const dm_host* host, uint64_t id);
} dm_timer;

#endif
