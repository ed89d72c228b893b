/* Writes a string that is no UTF-8. When it was asked for "ignored" it says that all went well; otherwise it passes on
   what the writer said, as most plugins do. */
#include "table.h"

static int32_t bad_run(void* self, const dm_call* call, dm_value in, dm_writer* out) {
  dm_string_view text = {0};
  int32_t status;
  (void)self, (void)call;
  dm_get_string(dm_map_get(in, "text"), &text);
  out->map_begin(out);
  out->key(out, "text", 4);
  status = out->string(out, "\xff", 1);
  out->map_end(out);
  return text.size == 7 ? DM_OK : status;
}

BAD_PLUGIN_TABLE("bad-text", good_open, good_close, bad_run)
