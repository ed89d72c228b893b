/* Its manifest promises to show metrics; it offers no table for that. */
#include "table.h"

BAD_PLUGIN_TABLE("no-observer", good_open, good_close, good_run)
