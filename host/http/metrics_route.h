// GET /metrics: the one read that may load a component, the one that shows metrics, and that is traffic of no other.
#pragma once

#include <functional>

#include "http/background.h"
#include "http/host_view.h"
#include "http/request.h"
#include "http/responder.h"

namespace dormouse {

constexpr unsigned kScrapesMax = 4;  // at once; a Prometheus pair and a person at curl. Beyond it 503

// `background` and `host`'s references outlive the handler.
std::function<void(const Request&, Responder)> metrics_handler(const HostView& host, Background& background);

}  // namespace dormouse
