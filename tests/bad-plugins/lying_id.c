/* Its manifest says "lying-id". */
#include "table.h"

BAD_PLUGIN_TABLE("somebody-else", good_open, good_close, good_run)
