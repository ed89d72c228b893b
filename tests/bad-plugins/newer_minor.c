/* Built for a later ABI of the same major version, and says so in its manifest. */
#include "table.h"

BAD_PLUGIN_TABLE_OF(DM_ABI_MAJOR, 99, "newer-minor", good_open, good_close, good_run, NULL)
