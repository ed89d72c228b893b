/* Shows metrics, one wrong answer after the other: nothing at all, a map without a body, a content type that would be
   two header fields, a failure with a reason; then one that is right. */
#include "dormouse/ext/observe.h"
#include "table.h"

static int asked;

static int32_t answer(dm_writer* out, const char* type, const char* key, const char* body) {
  out->map_begin(out);
  out->key(out, "content_type", 12);
  out->string(out, type, strlen(type));
  out->key(out, key, 4);
  out->string(out, body, strlen(body));
  return out->map_end(out);
}

static int32_t expose(void* component, const dm_call* call, dm_value snapshot, dm_writer* out) {
  (void)component, (void)snapshot;
  switch (asked++) {
    case 0:
      return DM_OK;
    case 1:
      return answer(out, "text/plain", "text", "x 1\n");
    case 2:
      return answer(out, "text/plain\r\nSet-Cookie: a=b", "body", "x 1\n");
    case 3:
      return call->fail(call, DM_UNAVAILABLE, "not today");
    default:
      return answer(out, "text/plain", "body", "x 1\n");
  }
}

static const void* capability(void* component, const char* id) {
  static const dm_observe observe = {sizeof(dm_observe), 0, expose};
  (void)component;
  return strcmp(id, DM_EXT_OBSERVE) == 0 ? &observe : NULL;
}

BAD_PLUGIN_TABLE_OF(DM_ABI_MAJOR, DM_ABI_MINOR, "bad-observer", good_open, good_close, good_run, capability)
