// The routes of the control listener: each row of the table of commands with its handler. A new route is a row in
// commands.cc, a handler in the file of its resource (component_routes, script_routes ...), and a case in
// control_routes.cc.
#pragma once

#include <memory>
#include <vector>

#include "http/background.h"
#include "http/host_view.h"
#include "http/operations.h"
#include "http/options.h"
#include "http/recent_requests.h"
#include "http/router.h"

namespace dormouse {

// `host`'s references, `changes` and `reads` outlive the routes; both are stopped before what they work on goes.
// `operations` is on the loop of the control listener, where all handlers run. `openapi` is what GET /openapi.json
// answers; set once all tables exist. `recent` is read and fed on that loop.
std::vector<Route> control_routes(const ControlOptions& options, const HostView& host, Background& changes,
                                  Background& reads, std::shared_ptr<Operations> operations,
                                  std::shared_ptr<const RecentRequests> recent,
                                  std::shared_ptr<const std::string> openapi);

// What a change may take before it goes on as an operation: a little less than a request may.
Duration change_wait_max(const ControlOptions& options);

}  // namespace dormouse
