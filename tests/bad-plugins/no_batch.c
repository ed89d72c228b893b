/* Its manifest promises batches; it offers none. */
#include "table.h"

BAD_PLUGIN_TABLE("no-batch", good_open, good_close, good_run)
