// An exception crosses the ABI: what a plugin in C++ without the wrapper does when it forgets to catch.
#include <stdexcept>

#include "table.h"

static int32_t throwing_run(void*, const dm_call*, dm_value, dm_writer*) {
  throw std::runtime_error("thrown across the ABI");
}

BAD_PLUGIN_TABLE("throws", good_open, good_close, throwing_run)
