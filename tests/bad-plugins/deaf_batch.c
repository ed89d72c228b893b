/* Takes `ms` for each batch of answers, whatever it is told. */
#define _POSIX_C_SOURCE 200809L
#include <string.h>
#include <time.h>

#include "dormouse/ext/batch.h"
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

static int32_t deaf_batch(void* self, uint32_t method, dm_batch_item* const* items, uint32_t count) {
  uint32_t i;
  (void)method;
  nanosleep(&whole, NULL);
  for (i = 0; i < count; ++i) items[i]->status = good_run(self, items[i]->call, items[i]->in, items[i]->out);
  return DM_OK;
}

static const void* batch_capability(void* component, const char* id) {
  static const dm_batch batch = {sizeof(dm_batch), 0, deaf_batch};
  (void)component;
  return strcmp(id, DM_EXT_BATCH) == 0 ? &batch : NULL;
}

BAD_PLUGIN_TABLE_OF(DM_ABI_MAJOR, DM_ABI_MINOR, "deaf-batch", keep_ms, good_close, deaf_run, batch_capability)
