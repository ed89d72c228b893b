#include "http/event_feed.h"

#include "http/event_document.h"
#include "http/json_text.h"

namespace dormouse {

std::string event_text(const Event& event) {
  JsonText data;
  write(data, event);
  return "id: " + std::to_string(event.sequence) + "\nevent: " + event.kind + "\ndata: " + data.text() + "\n\n";
}

bool EventFilter::takes(const Event& event) const {
  return event_kind_matches(kind, event.kind) && (object.empty() || object == event.object);
}

std::string gap_text(uint64_t after, uint64_t next, bool restarted) {
  JsonText data;
  data.begin_object().member("after", after).member("next", next).member("restarted", restarted).end_object();
  return "event: gap\ndata: " + data.text() + "\n\n";
}

EventFeed::EventFeed(EventLog& log, ResponseStream stream, uint64_t after, EventFilter filter, EventFeedLimits limits,
                     std::shared_ptr<std::atomic<unsigned>> open_feeds)
    : log_(log),
      stream_(std::move(stream)),
      loop_(stream_.loop()),
      sent_(after),
      filter_(std::move(filter)),
      limits_(limits),
      open_feeds_(std::move(open_feeds)),
      poked_(std::make_shared<std::atomic<bool>>(false)) {
  ++*open_feeds_;
}

EventFeed::~EventFeed() {
  log_.unsubscribe(subscription_);
  --*open_feeds_;
}

void EventFeed::start(EventLog& log, ResponseStream stream, uint64_t after, EventFilter filter, EventFeedLimits limits,
                      std::shared_ptr<std::atomic<unsigned>> open_feeds) {
  std::shared_ptr<EventFeed> feed(
      new EventFeed(log, std::move(stream), after, std::move(filter), limits, std::move(open_feeds)));
  feed->begin();
}

void EventFeed::begin() {
  // The stream's callback is what owns the feed; it is dropped with the connection.
  stream_.on_change([self = shared_from_this()] { self->stream_.is_open() ? self->pump() : self->finish(); });
  // On the publisher's thread: only hand over, and only once until the hand-over has been looked at.
  subscription_ = log_.subscribe([weak = weak_from_this(), &loop = loop_, poked = poked_] {
    if (poked->exchange(true)) return;
    loop.post([weak] {
      if (const auto self = weak.lock()) self->pump();
    });
  });
  stream_.write("retry: 2000\n\n");
  const uint64_t last = log_.last_sequence();
  if (sent_ > last) {
    // A number from before a restart: everything since then is news.
    stream_.write(gap_text(sent_, 1, true));
    sent_ = 0;
  }
  arm_heartbeat();
  pump();
}

void EventFeed::pump() {
  poked_->store(false);
  if (!stream_.is_open() || stream_.waiting_bytes() >= limits_.waiting_bytes_max) return;
  for (const Event& event : log_.since(sent_)) {
    if (stream_.waiting_bytes() >= limits_.waiting_bytes_max) return;  // on_change comes when they are taken
    if (event.sequence > sent_ + 1) stream_.write(gap_text(sent_, event.sequence, false));
    sent_ = event.sequence;
    if (!filter_.takes(event)) continue;
    stream_.write(event_text(event));
    spoke_ = true;
  }
}

void EventFeed::finish() {
  log_.unsubscribe(std::exchange(subscription_, 0));
  if (heartbeat_ != 0) loop_.cancel(std::exchange(heartbeat_, 0));
}

// So that both ends notice a connection that died silently.
void EventFeed::arm_heartbeat() {
  heartbeat_ = loop_.at(loop_.now() + limits_.heartbeat, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self || !self->stream_.is_open()) return;
    if (!std::exchange(self->spoke_, false) && self->stream_.waiting_bytes() == 0) self->stream_.write(": alive\n\n");
    self->arm_heartbeat();
  });
}

}  // namespace dormouse
