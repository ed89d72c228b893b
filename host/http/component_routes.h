// /v1/components: what components are and do, and the verbs on one.
// On the control loop. Reads are snapshots: none loads a component, resets an idle clock or changes anything.
// Components change on the registry's loop; a dry run that reads a plugin file does so on the background thread.
#pragma once

#include "http/host_changes.h"
#include "http/host_view.h"
#include "http/request.h"
#include "http/responder.h"

namespace dormouse {

void answer_components(const HostView& host, Responder responder);
void answer_component(const HostView& host, const Request& request, Responder responder);
void change_component(const HostChanges& changes, Verb verb, const Request& request, Responder responder);

}  // namespace dormouse
