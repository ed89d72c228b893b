// One reader of an operation over server-sent events: `progress` whenever the operation is at something else, then
// `result` or `error`, and the end of the stream. Not the log of events (event_feed.h): it knows one operation, and
// keeps nothing for a reader that is slow but the last event. Control loop only. Kept alive by whoever follows the
// operation, and at the end by the stream, until it is taken.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/responder.h"

namespace dormouse {

// "event: KIND\ndata: JSON\n\n".
std::string operation_event(std::string_view kind, std::string_view json);

class OperationReader : public std::enable_shared_from_this<OperationReader> {
 public:
  OperationReader(ResponseStream stream, Duration heartbeat) : stream_(std::move(stream)), heartbeat_(heartbeat) {}

  bool is_open() const { return stream_.is_open(); }
  // Sends `operation`, unless it is what was sent last or that was not taken yet; a comment when nothing was sent for
  // the time of a heartbeat.
  void progress(std::string_view operation, Time now);
  // The last event; the connection is closed as soon as the reader has taken it.
  void end(std::string_view kind, std::string_view operation);

 private:
  ResponseStream stream_;
  const Duration heartbeat_;
  std::string sent_;
  Time sent_at_{};
};

}  // namespace dormouse
