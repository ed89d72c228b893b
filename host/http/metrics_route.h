// GET /metrics: the one read that may load a component, the one that shows metrics, and that is traffic of no other.
#pragma once

#include "http/background.h"
#include "http/host_view.h"
#include "http/router.h"

namespace dormouse {

constexpr unsigned kScrapesMax = 4;  // at once; a Prometheus pair and a person at curl. Beyond it 503

// `background` and `host`'s references outlive the route.
Route metrics_route(const HostView& host, Background& background);

}  // namespace dormouse
