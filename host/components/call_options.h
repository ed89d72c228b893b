// What a caller says with a call: until when, how urgent, whether anybody still waits; and what a call came to.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "exec/lane.h"
#include "values/value.h"

namespace dormouse {

// Hears that a call is not waited for any more.
class CancelListener {
 public:
  virtual ~CancelListener() = default;
  // At most once, on the thread that cancels, which may be a reactor: must not block.
  virtual void on_cancel() = 0;
};

// Says that a request is not waited for any more. Copies share one state; any thread.
class CancelToken {
 public:
  CancelToken() : state_(std::make_shared<State>()) {}
  void cancel();
  bool cancelled() const { return state_->cancelled.load(std::memory_order_relaxed); }
  // Tells `listener`, while it lives, of a cancel to come. False: cancelled already, and it will not be told.
  bool listen(std::weak_ptr<CancelListener> listener) const;
  // Whether it can serve another request as a new one: no copy of it is left, and it was not cancelled.
  bool is_unused() const { return state_.use_count() == 1 && !cancelled(); }

 private:
  struct State {
    std::atomic<bool> cancelled{false};
    std::mutex mutex;  // over the list; never held while a listener runs
    std::vector<std::weak_ptr<CancelListener>> listeners;
  };
  std::shared_ptr<State> state_;
};

struct CallOptions {
  uint64_t request_id = 0;
  Time deadline = Time::max();
  CancelToken cancel;
  Lane::Priority priority = Lane::Priority::normal;
  // Set when its component wants the call to end; null: it cannot say so. For the carrier of the component.
  const std::atomic<bool>* stop = nullptr;
  bool is_cancelled() const { return cancel.cancelled() || (stop && stop->load(std::memory_order_relaxed)); }
  // Called on the lane while the method works, when it reports progress. May be empty.
  std::function<void(double done, double total, std::string_view what)> progress;
};

// What one call came to, and where its time went.
struct CallResult {
  Result<Value> value;
  Duration queued{};  // between submit and start, 0 inline
  Duration ran{};
};

}  // namespace dormouse
