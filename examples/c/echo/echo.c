/* The smallest useful plugin: one type, `echo`, whose one method returns the text it was given.
   There is no state, so the component is a pointer to nothing in particular and no instance exists. */
#include "dormouse/plugin.h"

static char the_component; /* its address is all that is needed */

static int32_t echo_open(const dm_host* host, const dm_call* call, const dm_open_args* args, void** component) {
  (void)host, (void)call, (void)args;
  *component = &the_component;
  return DM_OK;
}

static void echo_close(void* component) {
  (void)component;
}

/* {text: string} -> {text: string}. The writer remembers its first mistake, so only the last call is checked. */
static int32_t echo_run(void* self, const dm_call* call, dm_value in, dm_writer* out) {
  (void)self, (void)call;
  out->map_begin(out);
  out->key(out, "text", 4);
  out->copy(out, dm_map_get(in, "text"));
  return out->map_end(out);
}

static const dm_method echo_method = {sizeof(dm_method), 0, "echo", echo_run};
static const dm_method* const echo_methods[] = {&echo_method};

static const dm_type echo_type = {
    .size = sizeof(dm_type),
    .name = "echo",
    .open = echo_open,
    .close = echo_close,
    .methods = echo_methods,
    .method_count = 1,
};
static const dm_type* const echo_types[] = {&echo_type};

const dm_plugin dormouse_plugin = {
    .magic = DM_PLUGIN_MAGIC,
    .size = sizeof(dm_plugin),
    .abi_major = DM_ABI_MAJOR,
    .abi_minor = DM_ABI_MINOR,
    .type_count = 1,
    .id = "echo",
    .version = "1.0.0",
    .types = echo_types,
};
