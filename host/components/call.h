// The only door to plugin code: a call takes a lease as its argument, so a call without one does not compile.
// Moving a component to another process changes what happens behind this door and nothing in front of it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "artifacts/manifest.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/task.h"
#include "components/lease.h"
#include "exec/event_loop.h"
#include "exec/lane.h"
#include "values/value.h"

namespace dormouse {

// Hears that nobody waits any more.
class CancelListener {
 public:
  virtual ~CancelListener() = default;
  // At most once, on the thread that cancels, which may be a reactor: must not block.
  virtual void on_cancel() = 0;
};

// Says that nobody waits any more. Copies share one state; any thread.
class CancelToken {
 public:
  CancelToken() : state_(std::make_shared<State>()) {}
  void cancel();
  bool cancelled() const { return state_->cancelled.load(std::memory_order_relaxed); }
  // Tells `listener`, while it lives, of a cancel to come. False: cancelled already, and it will not be told.
  bool listen(std::weak_ptr<CancelListener> listener) const;
  // Whether it can serve another request as a new one: nobody else holds it, and it was not cancelled.
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
  // Called on the lane while the method works, when it reports progress. May be empty.
  std::function<void(double done, double total, std::string_view what)> progress;
};

// What one call came to, and where its time went.
struct CallResult {
  Result<Value> value;
  Duration queued{};  // between submit and start, 0 inline
  Duration ran{};
};

// A method of a component as a pipeline holds it, found in the manifest the pipeline was checked against.
struct MethodRef {
  std::shared_ptr<const Manifest> manifest;
  const MethodManifest* method = nullptr;  // inside *manifest
  uint32_t index = 0;                      // into TypeManifest::methods
};

// Where the method stands in what is loaded now, which may be another version of the plugin than the one checked: then
// it is found by name. nullopt: the loaded one has no such method.
std::optional<uint32_t> resolve_method(const Lease& lease, const MethodRef& ref);

// Whether the method runs at once on the calling thread: fast, thread rule `any`, safety class `unmap`.
bool runs_inline(const Lease& lease, uint32_t method);

// Calls and waits, on this thread. Only for methods that run inline, and for tests; a mistake is answered, not
// asserted. The result was checked against the manifest. Errors: the method's own; broken_contract.
Result<Value> call_inline(const Lease& lease, uint32_t method, const Value& in, const CallOptions& options);

// Queues the call on the component's lane and returns at once. `done` runs on `reply`'s thread, exactly once, also when
// the call was refused (queue_full) or given up before it started (cancelled, deadline_exceeded). The lease is released
// and `in` let go before `done` is posted, after the method has really returned.
// A call whose token is cancelled while it waits leaves the queue at once, with its place and its lease. One that runs
// goes on; when it has not ended kCancelGrace later it is overdue (overdue_calls.h).
void call_on_lane(Lease lease, uint32_t method, Value in, CallOptions options, EventLoop& reply,
                  UniqueFunction<void(CallResult)> done);

}  // namespace dormouse
