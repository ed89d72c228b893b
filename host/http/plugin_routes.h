// /v1/plugins: the plugin files, and looking for them again.
// On the control loop; what has to read plugin folders does so on the background thread. Nothing is loaded.
#pragma once

#include "http/host_changes.h"
#include "http/host_view.h"
#include "http/plugin_reads.h"
#include "http/request.h"
#include "http/responder.h"

namespace dormouse {

void answer_plugins(const HostView& host, PluginReads& plugins, Responder responder);
void answer_plugin(const HostView& host, PluginReads& plugins, const Request& request, Responder responder);
void scan_plugins(const HostChanges& changes, const Request& request, Responder responder);

}  // namespace dormouse
