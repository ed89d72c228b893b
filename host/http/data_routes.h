// The routes of the data listener: running pipelines, and the two health checks. No administrative verb.
// Owns nothing but the count of running requests; outlived by none of its handlers.
#pragma once

#include <memory>
#include <vector>

#include "http/host_view.h"
#include "http/options.h"
#include "http/router.h"

namespace dormouse {

// What is said about readiness: 200, or 503 with the reason.
void answer_healthz(Responder responder);
void answer_readyz(const HostView& host, Responder responder);
// The two routes that both listeners have.
std::vector<Route> health_routes(const HostView& host);

// `host`'s references outlive the routes and every request that runs through them.
std::vector<Route> data_routes(const DataOptions& options, const HostView& host);

}  // namespace dormouse
