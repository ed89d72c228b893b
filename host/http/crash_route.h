// GET /v1/crashes[/{id}]: what crashed in this state folder's hosts. Needs the token: the records name requests.
// Reads a few small files on the background thread.
#pragma once

#include "http/background.h"
#include "http/host_view.h"
#include "http/request.h"
#include "http/responder.h"

namespace dormouse {

void answer_crashes(const HostView& host, Background& background, const Request& request, Responder responder);
void answer_crash(const HostView& host, Background& background, const Request& request, Responder responder);

}  // namespace dormouse
