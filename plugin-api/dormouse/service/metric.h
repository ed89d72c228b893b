/* Service "dormouse.metric/1": numbers that outlive the component, so nothing is lost while it sleeps. */
#ifndef DORMOUSE_SERVICE_METRIC_H
#define DORMOUSE_SERVICE_METRIC_H

#include "dormouse/plugin.h"

#define DM_SERVICE_METRIC "dormouse.metric/1"

typedef struct dm_counter dm_counter;

typedef struct dm_metric {
  uint32_t size;
  uint32_t reserved;
  /* The counter `name` ([a-z_][a-z0-9_]*, shown as dormouse_plugin_<name>_total with the component as label). The
     same name gives the same counter. It begins at 0 with each load and is shown no more when that has ended. Null for
     a bad name or beyond 64 counters a component. Owner: the host's; the handle is valid until close has returned.
     Thread: [any]. */
  dm_counter* (*counter)(const dm_host* host, const char* name);
  /* Thread: [any], about 5 ns. */
  void (*add)(dm_counter* counter, uint64_t n);
} dm_metric;

#endif
