/* Capability "dormouse.veto/1": a component that must not be parked right now says so, with a reason. */
#ifndef DORMOUSE_EXT_VETO_H
#define DORMOUSE_EXT_VETO_H

#include "dormouse/plugin.h"

#define DM_EXT_VETO "dormouse.veto/1"

typedef struct dm_veto {
  uint32_t size;
  uint32_t reserved;
  /* Asked once the component is drained, before anything of it is closed. DM_OK: go on. Anything else, with its reason
     through call->fail: the component goes back to ready, and is asked again after the next idle period.
     Not asked when the host stops: then nothing can stay.
     Thread: [lane]. State: draining, no lease alive. */
  int32_t (*may_park)(void* component, const dm_call* call);
} dm_veto;

#endif
