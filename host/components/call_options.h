// The options of a call (deadline, priority, cancel token), and its result. Data, owned by the call; threads as noted.
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

// Is called when a call is cancelled.
class CancelListener {
 public:
  virtual ~CancelListener() = default;
  // At most once, on the thread that cancels, which may be a reactor: must not block.
  virtual void on_cancel() = 0;
};

// Cancels a call: its caller no longer wants the result. Copies share one state; any thread.
class CancelToken {
 public:
  CancelToken() : state_(std::make_shared<State>()) {}
  void cancel();
  bool cancelled() const { return state_->cancelled.load(std::memory_order_relaxed); }
  // Calls `listener` at a later cancel, if it still lives then. False: cancelled already, and `listener` is not called.
  bool listen(std::weak_ptr<CancelListener> listener) const;
  // Whether the token can serve another request like a new one: it was not cancelled, and there is no other copy.
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
  // A second way to stop the call, besides the caller's token. For the carrier of the component alone; null: none.
  const std::atomic<bool>* stop = nullptr;
  bool is_cancelled() const { return cancel.cancelled() || (stop && stop->load(std::memory_order_relaxed)); }
  // Called on the lane while the method works, when it reports progress. May be empty.
  std::function<void(double done, double total, std::string_view what)> progress;
};

// The result of one call, and where its time went.
struct CallResult {
  Result<Value> value;
  Duration queued{};  // between submit and start, 0 inline
  Duration ran{};
};

}  // namespace dormouse
