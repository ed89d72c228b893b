/* Takes a buffer and a timer from the host in open, and then fails: what the ledger has to give back. */
#include <string.h>

#include "dormouse/plugin.h"
#include "dormouse/service/buffer.h"
#include "dormouse/service/timer.h"

static void never(void* argument) {
  (void)argument;
}

static int32_t refuses_open(const dm_host* host, const dm_call* call, const dm_open_args* args, void** component) {
  const dm_buffer* buffers = (const dm_buffer*)host->service(host, "dormouse.buffer/1");
  const dm_timer* timers = (const dm_timer*)host->service(host, "dormouse.timer/1");
  const size_t bytes = (size_t)1 << 20;
  void* memory;
  (void)args, (void)component;
  if (!buffers || !timers) return call->fail(call, DM_INTERNAL, "a service of the host is missing");
  memory = buffers->allocate(host, bytes);
  if (!memory) return call->fail(call, DM_RESOURCE_EXHAUSTED, "no buffer");
  memset(memory, 1, bytes);
  timers->start(host, 3600000, never, memory);
  return call->fail(call, DM_UNAVAILABLE, "fails on purpose");
}

static void refuses_close(void* component) {
  (void)component;
}

static int32_t refuses_run(void* self, const dm_call* call, dm_value in, dm_writer* out) {
  (void)self, (void)call;
  return out->copy(out, in);
}

static const dm_method refuses_method = {sizeof(dm_method), 0, "run", refuses_run};
static const dm_method* const refuses_methods[] = {&refuses_method};
static const dm_type refuses_type = {
    .size = sizeof(dm_type),
    .name = "refuses",
    .open = refuses_open,
    .close = refuses_close,
    .methods = refuses_methods,
    .method_count = 1,
};
static const dm_type* const refuses_types[] = {&refuses_type};

const dm_plugin dormouse_plugin = {
    .magic = DM_PLUGIN_MAGIC,
    .size = sizeof(dm_plugin),
    .abi_major = DM_ABI_MAJOR,
    .abi_minor = DM_ABI_MINOR,
    .type_count = 1,
    .id = "refuses",
    .version = "1.0.0",
    .types = refuses_types,
};
