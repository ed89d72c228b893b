/* Says no to being parked, `times` times after each open. */
#include "dormouse/ext/veto.h"
#include "table.h"

static int64_t left;

static int32_t counting_open(const dm_host* host, const dm_call* call, const dm_open_args* args, void** component) {
  left = setting(args, "times");
  return good_open(host, call, args, component);
}

static int32_t may_park(void* component, const dm_call* call) {
  (void)component;
  if (left-- <= 0) return DM_OK;
  return call->fail(call, DM_FAILED_PRECONDITION, "a batch is not finished");
}

static const void* capability(void* component, const char* id) {
  static const dm_veto veto = {sizeof(dm_veto), 0, may_park};
  (void)component;
  return strcmp(id, DM_EXT_VETO) == 0 ? &veto : NULL;
}

BAD_PLUGIN_TABLE_OF(DM_ABI_MAJOR, DM_ABI_MINOR, "vetoes", counting_open, good_close, good_run, capability)
