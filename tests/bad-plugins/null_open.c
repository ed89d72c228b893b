/* A type that cannot be opened. */
#include "table.h"

BAD_PLUGIN_TABLE("null-open", NULL, good_close, good_run)
