// One reader of the event log over server-sent events. It keeps no events of its own: a reader that is slow is read for
// later, from the log's ring, and what has left the ring by then is told as one `event: gap`. So a slow reader costs
// one small buffer, and a stuck one is closed by the server's stall limit.
// On the loop of its stream; kept alive by the stream.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/events.h"
#include "exec/event_loop.h"
#include "http/responder.h"

namespace dormouse {

struct EventFeedLimits {
  size_t waiting_bytes_max = size_t{64} << 10;
  Duration heartbeat = std::chrono::seconds(15);
};

// Which events a reader wants; empty members ask for all.
struct EventFilter {
  std::string kind;    // "component.ready", or "component.*"
  std::string object;  // exactly this one
  bool takes(const Event& event) const;
};

class EventFeed : public std::enable_shared_from_this<EventFeed> {
 public:
  // Sends the events after number `after` that `filter` takes, from now on. `open_feeds` is counted up, and down when
  // the reader is gone.
  static void start(EventLog& log, ResponseStream stream, uint64_t after, EventFilter filter, EventFeedLimits limits,
                    std::shared_ptr<std::atomic<unsigned>> open_feeds);
  ~EventFeed();

 private:
  EventFeed(EventLog& log, ResponseStream stream, uint64_t after, EventFilter filter, EventFeedLimits limits,
            std::shared_ptr<std::atomic<unsigned>> open_feeds);
  void begin();
  void pump();
  void finish();
  void arm_heartbeat();

  EventLog& log_;
  ResponseStream stream_;
  EventLoop& loop_;
  uint64_t sent_;  // the last number that was sent, or is known to be lost
  const EventFilter filter_;
  const EventFeedLimits limits_;
  const std::shared_ptr<std::atomic<unsigned>> open_feeds_;
  const std::shared_ptr<std::atomic<bool>> poked_;  // a pump is on its way
  uint64_t subscription_ = 0;
  EventLoop::TimerId heartbeat_ = 0;
  bool spoke_ = false;  // since the last heartbeat
};

// Text of server-sent events.
std::string event_text(const Event& event);
// What is missing between number `after` and what comes next; `restarted`: the numbers began anew.
std::string gap_text(uint64_t after, uint64_t next, bool restarted);

}  // namespace dormouse
