/* The table of a plugin with one type of its own name and one method `run`; each misbehaviour spoils one part of it.
   Not an example to copy: see plugin-api/template. */
#ifndef BAD_PLUGINS_TABLE_H
#define BAD_PLUGINS_TABLE_H

#include "dormouse/plugin.h"

#ifdef __cplusplus
#define BAD_C_LINKAGE extern "C"
#else
#define BAD_C_LINKAGE
#endif

/* Functions for the parts that behave. */
static inline int32_t good_open(const dm_host* host, const dm_call* call, const dm_open_args* args, void** component) {
  static char the_component;
  (void)host, (void)call, (void)args;
  *component = &the_component;
  return DM_OK;
}

static inline void good_close(void* component) {
  (void)component;
}

/* {text: string} -> {text: string} */
static inline int32_t good_run(void* self, const dm_call* call, dm_value in, dm_writer* out) {
  (void)self, (void)call;
  out->map_begin(out);
  out->key(out, "text", 4);
  out->copy(out, dm_map_get(in, "text"));
  return out->map_end(out);
}

/* A setting of type int that the manifest gave a default. */
static inline int64_t setting(const dm_open_args* args, const char* name) {
  int64_t value = 0;
  dm_get_int(dm_map_get(args->settings, name), &value);
  return value;
}

#define BAD_PLUGIN_TABLE_OF(major, minor, id, open, close, run, capability)                                           \
  static const dm_method bad_method = {sizeof(dm_method), 0, "run", run};                                             \
  static const dm_method* const bad_methods[] = {&bad_method};                                                        \
  static const dm_type bad_type = {sizeof(dm_type), 0, id, open, close, NULL, NULL, bad_methods, 1, 0, capability};   \
  static const dm_type* const bad_types[] = {&bad_type};                                                              \
  BAD_C_LINKAGE DM_EXPORT const dm_plugin dormouse_plugin = {DM_PLUGIN_MAGIC, sizeof(dm_plugin), major, minor, 1, id, \
                                                             "1.0.0",         bad_types};

#define BAD_PLUGIN_TABLE(id, open, close, run) \
  BAD_PLUGIN_TABLE_OF(DM_ABI_MAJOR, DM_ABI_MINOR, id, open, close, run, NULL)

#endif
