// GET /v1/memory: bytes of the process, of each component and of what stages answered; with ?history=1 over time.
// Reads: none loads a component or touches an idle clock.
#pragma once

#include "http/host_view.h"
#include "http/json_text.h"
#include "http/request.h"
#include "http/responder.h"

namespace dormouse {

void answer_memory(const HostView& host, const Request& request, Responder responder);

// {"resident":...,"private":...,"heap":...,"limit":...,"warn_at":0.8,"warning":false}; the last three only when
// somebody watches.
void write_memory_state(JsonText& out, const HostView& host);

}  // namespace dormouse
