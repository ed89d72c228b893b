/* Asks for 70 counters under names that no load used before, and counts on each. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <time.h>

#include "dormouse/service/metric.h"
#include "table.h"

static int32_t open_with_counters(const dm_host* host, const dm_call* call, const dm_open_args* args,
                                  void** component) {
  const dm_metric* const metric = host->service(host, DM_SERVICE_METRIC);
  struct timespec now;
  char name[64];
  int i;
  clock_gettime(CLOCK_MONOTONIC, &now);
  for (i = 0; i < 70; ++i) {
    dm_counter* counter;
    snprintf(name, sizeof name, "of_%lld_%ld_%d", (long long)now.tv_sec, now.tv_nsec, i);
    counter = metric->counter(host, name);
    if (counter) metric->add(counter, 1);
  }
  return good_open(host, call, args, component);
}

BAD_PLUGIN_TABLE("many-counters", open_with_counters, good_close, good_run)
