// The reads of the control listener: snapshots of the host as JSON. None loads a component, resets an idle clock or
// changes anything. On the control loop; what has to read plugin folders does so on the background thread.
#pragma once

#include "http/host_view.h"
#include "http/plugin_reads.h"
#include "http/recent_requests.h"
#include "http/request.h"
#include "http/responder.h"

namespace dormouse {

void answer_status(const HostView& host, const RecentRequests& recent, Responder responder);
void answer_components(const HostView& host, Responder responder);
void answer_component(const HostView& host, const Request& request, Responder responder);
void answer_plugins(const HostView& host, PluginReads& plugins, Responder responder);
void answer_plugin(const HostView& host, PluginReads& plugins, const Request& request, Responder responder);
void answer_pipelines(const HostView& host, Responder responder);
void answer_pipeline(const HostView& host, const Request& request, Responder responder);
void answer_generations(const HostView& host, Responder responder);
void answer_caches(const HostView& host, Responder responder);
void answer_cache(const HostView& host, const Request& request, Responder responder);

}  // namespace dormouse
