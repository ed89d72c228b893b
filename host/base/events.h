// The event log: what happened to components, scripts and the host, numbered, in a bounded ring.
// Not the debug log (spdlog), and never a record of request content. What can happen for each request is a metric and
// no event. Any thread may publish and read.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace dormouse {

// One fact of an event, with its type: a number stays a number in the JSON that readers see. Durations are milliseconds
// (the name ends in _ms), sizes are bytes.
class EventValue {
 public:
  EventValue(bool value) : value_(value) {}
  template <std::integral T>
  EventValue(T value) : value_(static_cast<int64_t>(value)) {}
  EventValue(double value) : value_(value) {}
  EventValue(std::string value) : value_(std::move(value)) {}
  EventValue(std::string_view value) : value_(std::string(value)) {}
  EventValue(const char* value) : value_(std::string(value)) {}
  bool operator==(const EventValue&) const = default;

  template <class Visit>
  auto visit(Visit&& visit) const {
    return std::visit(std::forward<Visit>(visit), value_);
  }
  // As in a line of the log: "7", "3.734", "true", "unmap".
  std::string text() const;

 private:
  std::variant<bool, int64_t, double, std::string> value_;
};
using EventFields = std::vector<std::pair<std::string, EventValue>>;

// Who is behind a change that an operator asked for. All empty: nobody asked, the host decided by itself.
struct Actor {
  std::string name;      // of the token: "local"
  uint64_t request = 0;  // of the control listener; 0: none
  std::string reason;    // what the operator gave as --reason
  bool operator==(const Actor&) const = default;
  bool empty() const { return name.empty() && request == 0 && reason.empty(); }
};

struct Event {
  uint64_t sequence = 0;  // 1, 2, 3 ... since start
  std::chrono::system_clock::time_point at;
  std::string kind;    // noun.what_happened: "component.ready", "scripts.reloaded" ...
  std::string object;  // "nlu.language"
  std::string cause;   // why, in a few words: "idle for 5s"; may be empty
  Actor actor;
  EventFields fields;  // small facts, in order: {"bytes_returned", 8437760}
};

// Whether `kind` is what `pattern` asks for: the same, or "component.*". An empty pattern asks for all.
bool event_kind_matches(std::string_view pattern, std::string_view kind);

class EventLog {
 public:
  // Keeps the last `capacity` events; older ones are dropped and seen as a gap in the numbers.
  explicit EventLog(size_t capacity) : capacity_(capacity) {}

  void publish(std::string kind, std::string object, EventFields fields = {}, std::string cause = {}, Actor actor = {});

  // All kept events with a number above `after`, oldest first.
  std::vector<Event> since(uint64_t after) const;
  uint64_t last_sequence() const;

  // Calls `on_event` after each publish, on the publishing thread and under no lock but the subscription's own; it must
  // only hand over (post) and return: publishing or unsubscribing from inside it would wait for itself.
  uint64_t subscribe(std::function<void()> on_event);
  // Waits for a running callback; none runs after it returned. An unknown id is ignored.
  void unsubscribe(uint64_t id);

 private:
  struct Subscription {
    std::mutex mutex;                // held while on_event runs
    std::function<void()> on_event;  // empty once unsubscribed
  };

  const size_t capacity_;
  mutable std::mutex mutex_;  // never held while a callback runs
  std::deque<Event> events_;
  uint64_t last_ = 0;
  uint64_t next_subscription_ = 1;
  std::map<uint64_t, std::shared_ptr<Subscription>> subscriptions_;
};

}  // namespace dormouse
