/* Linked with -z nodelete. */
#include "table.h"

BAD_PLUGIN_TABLE("nodelete", good_open, good_close, good_run)
