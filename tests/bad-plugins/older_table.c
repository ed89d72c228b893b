/* Its manifest is of version 1.0.0 and its table of 0.9.0: two states of the sources. */
#include "table.h"

static const dm_method method = {sizeof(dm_method), 0, "run", good_run};
static const dm_method* const methods[] = {&method};
static const dm_type type = {sizeof(dm_type), 0, "older-table", good_open, good_close, NULL, NULL, methods, 1, 0, NULL};
static const dm_type* const types[] = {&type};
DM_EXPORT const dm_plugin dormouse_plugin = {DM_PLUGIN_MAGIC, sizeof(dm_plugin), DM_ABI_MAJOR, DM_ABI_MINOR, 1,
                                             "older-table",   "0.9.0",           types};
