// GET /v1/status: the host on one page. A read: nothing is loaded and no idle clock touched. On the control loop.
#pragma once

#include "http/host_view.h"
#include "http/recent_requests.h"
#include "http/responder.h"

namespace dormouse {

void answer_status(const HostView& host, const RecentRequests& recent, Responder responder);

}  // namespace dormouse
