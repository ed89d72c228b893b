/* Capability "dormouse.batch/1": several calls of one method, answered together.
   Worth offering when work is shared between calls: one pass over a matrix for many vectors, one table kept in cache
   for many texts. Calls that arrive apart from each other are still answered by `run`. */
#ifndef DORMOUSE_EXT_BATCH_H
#define DORMOUSE_EXT_BATCH_H

#include "dormouse/plugin.h"

#define DM_EXT_BATCH "dormouse.batch/1"

/* One call among several. Each has its own limits, its own writer, its own end: one that fails fails alone. */
typedef struct dm_batch_item {
  uint32_t size;
  int32_t status; /* set by the plugin: what dm_method.run would have returned; DM_INTERNAL before */
  const dm_call* call;
  dm_value in;
  dm_writer* out;
} dm_batch_item;

typedef struct dm_batch {
  uint32_t size;
  uint32_t reserved;
  /* Answers `count` calls of the method with that number in dm_type.methods, which the manifest marks with `batch`:
     for each item what dm_method.run would have done, with the same results.
     Owner:  as of dm_method.run; the items live until return.
     Thread: [lane], with the method's thread rule: `self` is an instance ("instance"), or the component ("any").
     State:  ready or trimmed.
     Errors: anything but DM_OK is the end of all items, whatever their status says. */
  int32_t (*run)(void* self, uint32_t method, dm_batch_item* const* items, uint32_t count);
} dm_batch;

#endif
