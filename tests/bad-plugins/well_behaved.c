/* The control: nothing is wrong with it. Files that are truncated, or for another machine, are made from it. */
#include "table.h"

BAD_PLUGIN_TABLE("well-behaved", good_open, good_close, good_run)
