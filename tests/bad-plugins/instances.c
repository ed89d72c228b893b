/* Behaves, counts the instances it makes, and ends the process when one is destroyed on another thread than made it. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>

#include "dormouse/service/metric.h"
#include "table.h"

static const dm_metric* metric;
static dm_counter* made;

static int32_t open_counters(const dm_host* host, const dm_call* call, const dm_open_args* args, void** component) {
  metric = host->service(host, DM_SERVICE_METRIC);
  made = metric->counter(host, "instances");
  return good_open(host, call, args, component);
}

static int32_t create(void* component, const dm_call* call, void** instance) {
  pid_t* const thread = malloc(sizeof *thread);
  (void)component, (void)call;
  if (!thread) return DM_RESOURCE_EXHAUSTED;
  *thread = gettid();
  *instance = thread;
  metric->add(made, 1);
  return DM_OK;
}

static void destroy(void* instance) {
  if (*(pid_t*)instance != gettid()) abort();
  free(instance);
}

static const dm_method bad_method = {sizeof(dm_method), 0, "run", good_run};
static const dm_method* const bad_methods[] = {&bad_method};
static const dm_type bad_type = {sizeof(dm_type), 0, "instances", open_counters, good_close, create, destroy,
                                 bad_methods,     1, 0,           NULL};
static const dm_type* const bad_types[] = {&bad_type};
DM_EXPORT const dm_plugin dormouse_plugin = {DM_PLUGIN_MAGIC, sizeof(dm_plugin), DM_ABI_MAJOR, DM_ABI_MINOR, 1,
                                             "instances",     "1.0.0",           bad_types};
