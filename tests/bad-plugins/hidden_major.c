/* Its manifest says ABI 1.0, its table 2.0. */
#include "table.h"

BAD_PLUGIN_TABLE_OF(2, 0, "hidden-major", good_open, good_close, good_run, NULL)
