/* Offers a cache whose table has the right size and none of its functions. */
#include "dormouse/ext/cache.h"
#include "table.h"

static const void* capability(void* component, const char* id) {
  static const dm_cache cache = {sizeof(dm_cache), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL};
  (void)component;
  return strcmp(id, DM_EXT_CACHE) == 0 ? &cache : NULL;
}

BAD_PLUGIN_TABLE_OF(DM_ABI_MAJOR, DM_ABI_MINOR, "no-cache-functions", good_open, good_close, good_run, capability)
