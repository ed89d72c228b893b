// A thread-local object with a destructor, made on whatever thread `run` is called on.
#include <string>

#include "table.h"

static thread_local std::string last_text;

static int32_t remembering_run(void* self, const dm_call* call, dm_value in, dm_writer* out) {
  dm_string_view text{};
  if (dm_get_string(dm_map_get(in, "text"), &text)) last_text.assign(text.data, text.size);
  return good_run(self, call, in, out);
}

BAD_PLUGIN_TABLE("thread-local", good_open, good_close, remembering_run)
