/* A cache that says it found what is no value, in the way its key asks for, and answers with statuses that are none. */
#include "dormouse/ext/cache.h"
#include "table.h"

static int32_t open_space(void* component, const dm_call* call, const char* name, const dm_cache_limits* limits,
                          void** space) {
  (void)call, (void)limits;
  if (strcmp(name, "no space") == 0) return DM_OK;
  if (strcmp(name, "no status") == 0) return 77;
  *space = component;
  return DM_OK;
}

static int32_t get(void* space, const void* key, size_t key_size, int64_t now_ns, dm_cache_hit* hit, uint64_t* epoch) {
  static const uint64_t garbage[16] = {0xAAAAAAAAAAAAAAAAu, 0xAAAAAAAAAAAAAAAAu};
  (void)space, (void)now_ns, (void)key_size;
  *epoch = 7;
  hit->value = garbage;
  hit->value_size = sizeof garbage;
  switch (*(const char*)key) {
    case 'n': /* null */
      hit->value = NULL;
      return DM_OK;
    case 's': /* short */
      hit->value_size = 3;
      return DM_OK;
    case 'h': /* huge */
      hit->value_size = (size_t)1 << 62;
      return DM_OK;
    case 'g': /* garbage */
      return DM_OK;
    default:
      return 77;
  }
}

static void unpin(void* space, void* pin) {
  (void)space, (void)pin;
}

static int32_t put(void* space, const dm_cache_entry* entry, int64_t now_ns) {
  (void)space, (void)entry, (void)now_ns;
  return 77;
}

static int32_t purge(void* space, const dm_cache_tag* tag, uint64_t* purged) {
  (void)space, (void)tag;
  *purged = 1000;
  return 77;
}

static void stats(void* space, dm_cache_stats* stats) {
  (void)space;
  memset(stats, 0xFF, sizeof *stats);
}

static const void* capability(void* component, const char* id) {
  static const dm_cache cache = {sizeof(dm_cache), 0, open_space, get, unpin, put, purge, stats, purge};
  (void)component;
  return strcmp(id, DM_EXT_CACHE) == 0 ? &cache : NULL;
}

BAD_PLUGIN_TABLE_OF(DM_ABI_MAJOR, DM_ABI_MINOR, "bad-cache", good_open, good_close, good_run, capability)
