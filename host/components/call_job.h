// One call on its way to a lane and back, and the functions that enter a method of a plugin. Private to the carrier
// in_process; callers use call.h. Owner: shared by the queue that has the call, and the call's listeners. A bracket
// names the thread of a function.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/task.h"
#include "components/call_options.h"
#include "components/lease.h"
#include "components/open_calls.h"
#include "exec/event_loop.h"

namespace dormouse {

struct CallJob;
class OverdueCalls;
struct LoadedPlugin;

// The queue of a call that waits to be answered together with others (batch_queue.h), as the call sees it.
class CallQueue {
 public:
  virtual ~CallQueue() = default;
  // Removes a claimed call and frees its place, because its caller no longer waits. Any thread.
  virtual void withdraw(const CallJob& job) = 0;
};

// A call is made on the caller's thread, moved to the lane, and answered exactly once, by the thread that takes it out
// of the phase `waiting`: a thread of the lane that runs the call, or the thread that cancels it.
struct CallJob : CancelListener, OpenCall, std::enable_shared_from_this<CallJob> {
  CallJob(Lease lease, Value in, CallOptions options, EventLoop& reply, UniqueFunction<void(CallResult)> done,
          Time submitted);

  // Takes the call out of `waiting`, to run or to refuse it. False: it was withdrawn, and is answered. Any thread.
  bool claim();
  // [lane] The call runs from `now` on. After claim().
  void begins(const LoadedPlugin& plugin, uint32_t method, Time now);
  // Releases the input and the lease, then posts the answer. After claim(), any thread.
  void answer(Result<Value> value, Duration queued, Duration ran);
  // From now on a cancel removes the call from its queue. After it was queued.
  void listen_to_cancel();

  void on_cancel() override;
  void end_with(const Status& why) override;  // the component is being closed

  Lease lease;
  Value in;
  CallOptions options;
  EventLoop& reply;
  UniqueFunction<void(CallResult)> done;
  const Time submitted;
  // Where the call waits: `lane` with `ticket`, or `queue`. Set before listen_to_cancel(). The lease keeps both alive.
  Lane* lane = nullptr;
  Lane::Ticket ticket = 0;
  CallQueue* queue = nullptr;
  // The list that has the call until it is answered; null: none.
  std::shared_ptr<OpenCalls> open;

 private:
  void leave_queue();
  void become_overdue();

  enum class Phase : uint8_t { waiting, claimed, runs, cancelled, ended };
  std::atomic<Phase> phase_{Phase::waiting};
  // Of a call that runs; set before `runs`.
  std::shared_ptr<OverdueCalls> overdue_;
  const LoadedPlugin* plugin_ = nullptr;
  uint32_t method_ = 0;
  Time began_{};
  // Of end_with(); the reason is set before the flag.
  Status end_reason_;
  std::atomic<bool> stop_{false};
};

// [lane] Why the call should not start any more (cancelled, late); ok: it should.
Status given_up(const LoadedPlugin& plugin, const CallJob& job, Time now);

// Enters a method. `self` is the component or an instance, by the method's thread rule. Checks the input before and the
// answer after.
Result<Value> enter(const LoadedPlugin& plugin, uint32_t method, void* self, const Value& in,
                    const CallOptions& options, ValueWriter& out);
// The answer that a method has written, checked against the manifest. Errors: broken_contract.
Result<Value> take_answer(const LoadedPlugin& plugin, uint32_t method, ValueWriter& out);
// [lane, slot] The `self` for a method, by its thread rule: the component, or the instance of this slot.
Result<void*> self_on_lane(LoadedPlugin& plugin, uint32_t method, unsigned slot, const CallOptions& options);
// "component 'x', method 'y'".
std::string where(const LoadedPlugin& plugin, uint32_t method);

// The writer of this thread. Calls share it, so that a call allocates only its answer.
ValueWriter& thread_writer();
// [lane, slot] Enters a method, with the `self` that its thread rule requires.
Result<Value> run_on_lane(LoadedPlugin& plugin, uint32_t method, unsigned slot, const Value& in,
                          const CallOptions& options);

// [lane, slot] Runs one call and answers it.
void run_job_on_lane(LoadedPlugin& plugin, uint32_t method, unsigned slot, CallJob& job);

}  // namespace dormouse
