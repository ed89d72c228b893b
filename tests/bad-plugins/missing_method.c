/* Its manifest promises a method, its table has none. */
#include "table.h"

static const dm_type bad_type = {
    .size = sizeof(dm_type), .name = "missing-method", .open = good_open, .close = good_close};
static const dm_type* const bad_types[] = {&bad_type};
DM_EXPORT const dm_plugin dormouse_plugin = {DM_PLUGIN_MAGIC,  sizeof(dm_plugin), DM_ABI_MAJOR, DM_ABI_MINOR, 1,
                                             "missing-method", "1.0.0",           bad_types};
