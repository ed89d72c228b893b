/* Needs a function that nobody has: the loader refuses to map it. */
#include "table.h"

extern int nobody_has_this_function(void);

static int32_t unresolved_run(void* self, const dm_call* call, dm_value in, dm_writer* out) {
  return nobody_has_this_function() ? DM_INTERNAL : good_run(self, call, in, out);
}

BAD_PLUGIN_TABLE("unresolved", good_open, good_close, unresolved_run)
