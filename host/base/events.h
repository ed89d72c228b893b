// The event log: what happened to components, scripts and the host, numbered, in a bounded ring.
// Not the debug log (spdlog), and never a record of request content. Any thread may publish and read.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace dormouse {

struct Event {
  uint64_t sequence = 0;  // 1, 2, 3 ... since start
  std::chrono::system_clock::time_point at;
  std::string kind;    // "component.ready", "component.unloaded", "scripts.reloaded" ...
  std::string object;  // "nlu.language"
  std::vector<std::pair<std::string, std::string>> fields;  // small facts, in order: {"bytes_returned", "8437760"}
};

class EventLog {
 public:
  // Keeps the last `capacity` events; older ones are dropped and seen as a gap in the numbers.
  explicit EventLog(size_t capacity) : capacity_(capacity) {}

  void publish(std::string kind, std::string object, std::vector<std::pair<std::string, std::string>> fields = {});

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
