/* Capability "dormouse.observe/1": a component that shows what the host counted and measured, in a format of its own.
   The host keeps the numbers and hands over a snapshot, so nothing is lost while the component sleeps; `GET /metrics`
   of the control listener is such a call. The host finds the component by its manifest: the type lists the id under
   `capabilities`. */
#ifndef DORMOUSE_EXT_OBSERVE_H
#define DORMOUSE_EXT_OBSERVE_H

#include "dormouse/plugin.h"

#define DM_EXT_OBSERVE "dormouse.observe/1"

typedef struct dm_observe {
  uint32_t size;
  uint32_t reserved;
  /* Renders one snapshot:
       {accept: string,                      as the client sent it in its Accept header; "" when it did not
        families: list<{
          name: string,                      "dormouse_stage_seconds": [a-zA-Z_:][a-zA-Z0-9_:]*, in ascending order
          help: string,                      one sentence, may be ""
          type: string,                      counter, gauge, histogram; further ones are to be left out
          bounds: list<float>?,              of histograms: ascending upper bounds, the infinite one left out
          samples: list<{labels: map<string>,
                         value: float?,      of counters and gauges
                         counts: list<int>?, of histograms: by bucket, not cumulated, one more than bounds
                         sum: float?}>}>}    of histograms
     into
       {content_type: string, body: string or bytes}
     More fields may come; unknown ones are ignored. `samples` may be empty.
     Owner:  as of dm_method.run.
     Thread: [lane], perhaps several at a time on one component, and beside its methods.
     State:  ready or trimmed.
     Errors: any; with one, what was written to `out` is dropped. */
  int32_t (*expose)(void* component, const dm_call* call, dm_value snapshot, dm_writer* out);
} dm_observe;

#endif
