// /v1/pipelines, /v1/generations, and the verbs on scripts: reload and rollback.
// On the control loop; scripts run on the background thread.
#pragma once

#include "http/host_changes.h"
#include "http/host_view.h"
#include "http/request.h"
#include "http/responder.h"

namespace dormouse {

void answer_pipelines(const HostView& host, Responder responder);
void answer_pipeline(const HostView& host, const Request& request, Responder responder);
void answer_generations(const HostView& host, Responder responder);
void reload_scripts(const HostChanges& changes, const Request& request, Responder responder);
void roll_back_scripts(const HostChanges& changes, const Request& request, Responder responder);

}  // namespace dormouse
