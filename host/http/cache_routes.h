// /v1/caches: what caches hold and did, and purges.
// On the control loop; a purge runs on the background thread.
#pragma once

#include "http/host_changes.h"
#include "http/host_view.h"
#include "http/request.h"
#include "http/responder.h"

namespace dormouse {

void answer_caches(const HostView& host, Responder responder);
void answer_cache(const HostView& host, const Request& request, Responder responder);
void purge_cache(const HostChanges& changes, const Request& request, Responder responder);

}  // namespace dormouse
