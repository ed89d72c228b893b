/* Never opens, and says why. */
#include "table.h"

static int32_t failing_open(const dm_host* host, const dm_call* call, const dm_open_args* args, void** component) {
  (void)host, (void)args, (void)component;
  return call->fail(call, DM_FAILED_PRECONDITION, "the moon is not full; wait for it");
}

BAD_PLUGIN_TABLE("fails-open", failing_open, good_close, good_run)
