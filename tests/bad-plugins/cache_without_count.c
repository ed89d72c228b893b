/* A cache whose table ends before the optional function `count`, as one compiled with an older header; behind that end
   stands a pointer that is no function. */
#include "dormouse/ext/cache.h"
#include "table.h"

static int32_t open_space(void* component, const dm_call* call, const char* name, const dm_cache_limits* limits,
                          void** space) {
  (void)call, (void)name, (void)limits;
  *space = component;
  return DM_OK;
}

static int32_t get(void* space, const void* key, size_t key_size, int64_t now_ns, dm_cache_hit* hit, uint64_t* epoch) {
  (void)space, (void)key, (void)key_size, (void)now_ns, (void)hit;
  *epoch = 0;
  return DM_NOT_FOUND;
}

static void unpin(void* space, void* pin) {
  (void)space, (void)pin;
}

static int32_t put(void* space, const dm_cache_entry* entry, int64_t now_ns) {
  (void)space, (void)entry, (void)now_ns;
  return DM_RESOURCE_EXHAUSTED;
}

static int32_t purge(void* space, const dm_cache_tag* tag, uint64_t* purged) {
  (void)space, (void)tag;
  *purged = 0;
  return DM_OK;
}

static void stats(void* space, dm_cache_stats* stats) {
  (void)space, (void)stats;
}

static const void* capability(void* component, const char* id) {
  static const dm_cache cache = {DM_CACHE_SIZE_MIN,
                                 0,
                                 open_space,
                                 get,
                                 unpin,
                                 put,
                                 purge,
                                 stats,
                                 (int32_t(*)(void*, const dm_cache_tag*, uint64_t*))(uintptr_t)1};
  (void)component;
  return strcmp(id, DM_EXT_CACHE) == 0 ? &cache : NULL;
}

BAD_PLUGIN_TABLE_OF(DM_ABI_MAJOR, DM_ABI_MINOR, "cache-without-count", good_open, good_close, good_run, capability)
