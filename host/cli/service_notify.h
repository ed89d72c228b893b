// The service manager's readiness protocol (sd_notify): one datagram, so nothing of systemd needs to be linked.
// Any thread; never waits.
#pragma once

#include <string_view>

#include "config/config.h"

namespace dormouse {

// Sends `state` ("READY=1") to $NOTIFY_SOCKET; does nothing when it is not set, or nobody listens there.
void notify_service_manager(const Environment& environment, std::string_view state);

}  // namespace dormouse
