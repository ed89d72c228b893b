/* Built for ABI 2.0, and says so in its manifest. */
#include "table.h"

BAD_PLUGIN_TABLE_OF(2, 0, "newer-major", good_open, good_close, good_run, NULL)
