/* Capability "dormouse.cache/1": a store of finished values, which the host puts in front of stages (`cache = ...`).
   The host decides what is asked for and what is kept: keys, versions, lifetimes, which of several askers does the
   work. The component decides where it is kept, and what has to go when there is no room.

   One component carries many spaces, one for each `dm.cache` of the scripts (and perhaps one more for its failures).
   Spaces know nothing of each other: a full one evicts its own entries only.

   Everything but open_space is called from reactors, beside other requests: it must not block, wait for disks or
   sockets, or hold a lock for longer than a few microseconds. The host refuses to use the capability of a component
   that may not run on reactors (safety class other than `unmap`).

   The manifest lists the capability in `capabilities`. A setting `eviction` with `one_of`, if the type has one, says
   which policies there are: a `dm.cache` that wants another is refused with its script, before anything is loaded. */
#ifndef DORMOUSE_EXT_CACHE_H
#define DORMOUSE_EXT_CACHE_H

#include <stddef.h>

#include "dormouse/plugin.h"

#define DM_EXT_CACHE "dormouse.cache/1"

/* How large a space may be, and what goes first. Owner: the host, until the function it was passed to returns. */
typedef struct dm_cache_limits {
  uint32_t size;
  uint32_t reserved;
  uint64_t max_bytes; /* of keys, values, tags and what the store itself needs for them */
  const char*
      eviction; /* "s3-fifo", "w-tinylfu", "sieve", "lru", "gdsf", or another the store knows; "": its default */
} dm_cache_limits;

typedef struct dm_cache_tag {
  const char* utf8;
  size_t size;
} dm_cache_tag;

/* What is put. Owner: the host, until put returns; the store copies. */
typedef struct dm_cache_entry {
  uint32_t size;
  uint32_t tag_count;
  const void* key; /* compared whole, byte by byte; 1 to 65,536 bytes */
  size_t key_size;
  const void* value; /* opaque; given back as it was, 8-byte aligned */
  size_t value_size;
  const dm_cache_tag* tags; /* each at most 256 bytes, at most 16, none twice */
  int64_t expires_ns;       /* on CLOCK_MONOTONIC: from then on it is not found; INT64_MAX: never */
  int64_t cost_ns;          /* what it took to make, for policies that weigh it; 0: unknown */
  uint64_t epoch;           /* as the get that missed told it */
} dm_cache_entry;

/* What was found. Owner: the store; valid until unpin, also when the entry is evicted or purged meanwhile. */
typedef struct dm_cache_hit {
  uint32_t size; /* set by the host */
  uint32_t reserved;
  const void* value;
  size_t value_size;
  int64_t expires_ns;
  int64_t cost_ns;
  void* pin; /* the store's own, for unpin */
} dm_cache_hit;

/* A space in numbers, counted since it was opened. */
typedef struct dm_cache_stats {
  uint32_t size; /* set by the host */
  uint32_t reserved;
  uint64_t entries;   /* now, expired ones that nobody asked for since included */
  uint64_t bytes;     /* now, as max_bytes counts them */
  uint64_t max_bytes; /* as it was set last */
  uint64_t hits;
  uint64_t misses; /* expired ones included */
  uint64_t inserted;
  uint64_t evicted; /* to make room */
  uint64_t expired; /* found too late, or swept */
  uint64_t refused; /* puts that were not kept: too large, not worth it, of an old epoch */
  uint64_t purged;
} dm_cache_stats;

typedef struct dm_cache {
  uint32_t size;
  uint32_t reserved;
  /* The space of that name, made when there is none; one that exists takes the new limits at once (it may evict, and
     with another policy it may start empty).
     Owner:  the space is the component's, valid until close.
     Thread: [any], several at a time, also for the same name. State: ready or trimmed.
     Errors: invalid_argument (no such policy, a bound that is too small: with what is offered), resource_exhausted (too
             many spaces). Told through call->fail. */
  int32_t (*open_space)(void* component, const dm_call* call, const char* name, const dm_cache_limits* limits,
                        void** space);
  /* Looks a key up, and counts as a use of it. `epoch` is set in any case: it moves with every purge, and a later put
     names it, so that what was made from older data than the purge never enters.
     Thread: [any]. State: ready or trimmed. Errors: not_found (a miss; nothing is pinned). */
  int32_t (*get)(void* space, const void* key, size_t key_size, int64_t now_ns, dm_cache_hit* hit, uint64_t* epoch);
  /* Lets go of a hit. Exactly once for each DM_OK of get, before the lease of the caller ends. Thread: [any]. */
  void (*unpin)(void* space, void* pin);
  /* Keeps an entry, or replaces the one with that key.
     Thread: [any]. State: ready or trimmed.
     Errors: resource_exhausted (larger than the space allows, or the policy would not have it), cancelled (the epoch
     has moved on), invalid_argument (longer or more than allowed). After any of them an older entry of the key is gone
     as well. */
  int32_t (*put)(void* space, const dm_cache_entry* entry, int64_t now_ns);
  /* Forgets all entries with the tag, or with `tag` null all entries, and moves the epoch. When it returns none of them
     can be found, whatever puts were running. `purged` is how many went.
     Thread: [any]. State: ready or trimmed. */
  int32_t (*purge)(void* space, const dm_cache_tag* tag, uint64_t* purged);
  /* Thread: [any]. State: ready or trimmed. */
  void (*stats)(void* space, dm_cache_stats* stats);
  /* How many entries have the tag, or with `tag` null how many there are: what a purge would forget at this moment.
     Changes nothing. Optional: null, or a `size` that ends before it, and the host says that it cannot tell.
     Thread: [any]. State: ready or trimmed. */
  int32_t (*count)(void* space, const dm_cache_tag* tag, uint64_t* entries);
} dm_cache;

/* The size of a table without the optional functions at its end. */
#define DM_CACHE_SIZE_MIN offsetof(dm_cache, count)

#endif
