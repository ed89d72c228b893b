// GET /v1/events: the event log as a stream of server-sent events, or polled.
// On the control loop.
#pragma once

#include <atomic>
#include <memory>

#include "base/events.h"
#include "http/options.h"
#include "http/request.h"
#include "http/responder.h"

namespace dormouse {

struct EventsRoute {
  EventLog& log;
  ControlOptions options;
  std::shared_ptr<std::atomic<unsigned>> open_feeds = std::make_shared<std::atomic<unsigned>>(0);
};

void answer_events(const EventsRoute& route, const Request& request, Responder responder);

}  // namespace dormouse
