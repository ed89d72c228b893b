// /v1/operations: the verbs that ran or run. On the control loop.
#pragma once

#include "http/host_changes.h"
#include "http/operations.h"
#include "http/request.h"
#include "http/responder.h"

namespace dormouse {

void answer_operations(const Operations& operations, const Request& request, Responder responder);
// `wait_max`: what `?wait=` may ask for. `heartbeat`: of the stream that `Accept: text/event-stream` asks for.
void answer_operation(Operations& operations, Duration wait_max, Duration heartbeat, const Request& request,
                      Responder responder);
void cancel_operation(const HostChanges& changes, const Request& request, Responder responder);

}  // namespace dormouse
