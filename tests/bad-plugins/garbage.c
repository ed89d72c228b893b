/* Breaks the contract of the writer in the way its input names: "two roots", "wrong type", "not utf-8", "nothing",
   "open list", "key in list", "too large", "unknown status", "success after failure". */
#include "table.h"

static int is(dm_value in, const char* what) {
  dm_string_view text;
  return dm_get_string(dm_map_get(in, "text"), &text) && strcmp(text.data, what) == 0;
}

static int32_t garbage_run(void* self, const dm_call* call, dm_value in, dm_writer* out) {
  if (is(in, "two roots")) {
    good_run(self, call, in, out);
    good_run(self, call, in, out);
    return DM_OK;
  }
  if (is(in, "wrong type")) return out->integer(out, 7);
  if (is(in, "not utf-8")) {
    out->map_begin(out);
    out->key(out, "text", 4);
    out->string(out, "\xC0\x80", 2);
    out->map_end(out);
    return DM_OK;
  }
  if (is(in, "nothing")) return DM_OK;
  if (is(in, "open list")) return out->list_begin(out);
  if (is(in, "key in list")) {
    out->list_begin(out);
    out->key(out, "text", 4);
    out->list_end(out);
    return DM_OK;
  }
  if (is(in, "too large")) {
    out->string(out, "x", (size_t)-1);
    return DM_OK;
  }
  if (is(in, "unknown status")) return 4711;
  if (is(in, "success after failure")) {
    call->fail(call, DM_UNAVAILABLE, "not now");
    return DM_OK;
  }
  return good_run(self, call, in, out);
}

BAD_PLUGIN_TABLE("garbage", good_open, good_close, garbage_run)
