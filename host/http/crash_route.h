// GET /v1/crashes[/{id}]: what crashed in this state folder's hosts. Needs the token: the records name requests.
// Reads a few small files on the background thread.
#pragma once

#include <vector>

#include "http/background.h"
#include "http/host_view.h"
#include "http/router.h"

namespace dormouse {

std::vector<Route> crash_routes(const HostView& host, Background& background);

}  // namespace dormouse
