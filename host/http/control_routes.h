// The routes of the control listener: what operators see and may change. Reads are snapshots: none loads a component or
// touches an idle clock. Verbs are handed to the registry or to the background thread, never waited for on the loop.
#pragma once

#include <memory>
#include <vector>

#include "http/background.h"
#include "http/host_view.h"
#include "http/options.h"
#include "http/router.h"

namespace dormouse {

// `host`'s references and `background` outlive the routes; background is stopped before what it works on goes.
// `openapi` is what GET /openapi.json answers; set once all tables exist.
std::vector<Route> control_routes(const ControlOptions& options, const HostView& host, Background& background,
                                  std::shared_ptr<const std::string> openapi);

}  // namespace dormouse
