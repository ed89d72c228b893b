#include "http/events_route.h"

#include <charconv>
#include <limits>
#include <optional>

#include "http/document_parts.h"
#include "http/event_document.h"
#include "http/event_feed.h"
#include "http/query.h"

namespace dormouse {
namespace {

constexpr size_t kEventsAtOnceMax = 1000;  // of one polling answer; `more` says that there are others

void answer_poll(const EventLog& log, uint64_t after, const EventFilter& filter, Responder responder) {
  std::vector<Event> events = log.since(after);
  const bool gap = !events.empty() && events.front().sequence > after + 1;
  std::erase_if(events, [&](const Event& event) { return !filter.takes(event); });
  const bool more = events.size() > kEventsAtOnceMax;
  if (more) events.resize(kEventsAtOnceMax);
  JsonText out;
  out.begin_object();
  write_list(out, "events", events);
  out.member("last", log.last_sequence());
  out.member("gap", gap);
  out.member("more", more);
  out.end_object();
  responder.answer_json(out.take());
}

// Where a reader comes back to; browsers send it when they reconnect.
std::optional<uint64_t> last_event_id(const Request& request) {
  const std::string_view text = request.header("Last-Event-ID");
  uint64_t id = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), id);
  if (text.empty() || end.ec != std::errc() || end.ptr != text.data() + text.size()) return std::nullopt;
  return id;
}

}  // namespace

void answer_events(const EventsRoute& route, const Request& request, Responder responder) {
  EventLog& log = route.log;
  const std::string format = request.parameter("format").value_or("stream");
  if (format != "json" && format != "stream")
    return responder.fail(Status(bad_parameter("format", "json or stream", format)));
  // A stream that says nothing else starts with what comes next; a poll with what is kept.
  const uint64_t absent = format == "json" ? 0 : log.last_sequence();
  const Result<uint64_t> after = number_of(request, "after", absent, std::numeric_limits<uint64_t>::max());
  if (!after.ok()) return responder.fail(after.status());
  EventFilter filter{request.parameter("kind").value_or(""), request.parameter("object").value_or("")};
  if (format == "json") return answer_poll(log, *after, filter, std::move(responder));

  const unsigned limit = route.options.event_streams_max;
  if (*route.open_feeds >= limit)
    return responder.fail(Status(Error{.code = Code::overloaded,
                                       .message = "too many readers of events",
                                       .object = "/v1/events",
                                       .needed = "at most " + std::to_string(limit),
                                       .remedy = "poll with ?format=json"}));
  const uint64_t from = last_event_id(request).value_or(*after);
  EventFeed::start(log, responder.stream("text/event-stream"), from, std::move(filter),
                   {route.options.event_stream_bytes_max, route.options.event_heartbeat}, route.open_feeds);
}

}  // namespace dormouse
