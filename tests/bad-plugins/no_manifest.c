/* A table without the manifest that belongs to it. */
#include "table.h"

BAD_PLUGIN_TABLE("no-manifest", good_open, good_close, good_run)
