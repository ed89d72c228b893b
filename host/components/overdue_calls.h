// The overdue calls of one loaded component: calls that were cancelled while they ran, and have not ended kCancelGrace
// later. It reports them, by an event and a list; it cannot end them, because only the plugin can.
// Owner: the LoadedPlugin, shared with status snapshots. Any thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/events.h"
#include "exec/event_loop.h"

namespace dormouse {

// How long a method may take to end after its cancel.
inline constexpr Duration kCancelGrace = std::chrono::seconds(1);

struct OverdueCall {
  std::string method;
  std::string request;  // its id, as clients see it
  Duration age{};       // since it began to run
};

class OverdueCalls : public std::enable_shared_from_this<OverdueCalls> {
 public:
  // The references outlive it. `loop` has the timers.
  OverdueCalls(std::string component, EventLoop& loop, EventLog& events)
      : component_(std::move(component)), loop_(loop), events_(events) {}

  // A running call was cancelled; `key` names the call until ended(). `describe` runs under the lock that ended() takes
  // too, so a call that ends at this moment is not kept. nullopt of `describe`: ended() will not come.
  template <class Describe>
  void cancelled(const void* key, Time began, Describe describe) {
    {
      const std::lock_guard lock(mutex_);
      std::optional<OverdueCall> call = describe();
      if (!call) return;
      calls_[key] = {std::move(*call), began, loop_.now(), false};
    }
    loop_.post([weak = weak_from_this(), key] {
      if (const auto self = weak.lock()) self->arm(key);
    });
  }
  void ended(const void* key);

  // The calls that are overdue now, oldest first.
  std::vector<OverdueCall> list() const;

 private:
  struct Cancelled {
    OverdueCall call;
    Time began;
    Time at;               // of the cancel
    bool overdue = false;  // told
  };
  void arm(const void* key);
  void look(const void* key);

  const std::string component_;
  EventLoop& loop_;
  EventLog& events_;
  mutable std::mutex mutex_;
  std::map<const void*, Cancelled> calls_;
};

}  // namespace dormouse
