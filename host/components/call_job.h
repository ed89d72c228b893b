// One call on its way to a lane and back, and the entry into a method. Private to the carrier in_process.
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

// Where calls wait to be gathered (batch_queue.h), as a call sees it.
class CallQueue {
 public:
  virtual ~CallQueue() = default;
  // Takes a claimed call out, and its place with it: its answer is not waited for. Any thread.
  virtual void withdraw(const CallJob& job) = 0;
};

// Made on the caller's thread, moved to the lane, answered exactly once, by the thread that takes it out of `waiting`:
// the lane that runs it, or the thread that cancels it.
struct CallJob : CancelListener, OpenCall, std::enable_shared_from_this<CallJob> {
  CallJob(Lease lease, Value in, CallOptions options, EventLoop& reply, UniqueFunction<void(CallResult)> done,
          Time submitted);

  // Takes it out of `waiting`, to run it or to refuse it; false: it was withdrawn, and answered. Any thread.
  bool claim();
  // [lane] It runs from `now` on; after claim().
  void begins(const LoadedPlugin& plugin, uint32_t method, Time now);
  // Lets the input and the lease go, then posts the answer. After claim(), any thread.
  void answer(Result<Value> value, Duration queued, Duration ran);
  // From now on a cancel takes it out of the queue it stands in. After it was queued.
  void listen_to_cancel();

  void on_cancel() override;
  void end_with(const Status& why) override;  // its component goes

  Lease lease;
  Value in;
  CallOptions options;
  EventLoop& reply;
  UniqueFunction<void(CallResult)> done;
  const Time submitted;
  // Where it waits; one of the two, set before listen_to_cancel(). The lease keeps both alive while it waits.
  Lane* lane = nullptr;
  Lane::Ticket ticket = 0;
  CallQueue* queue = nullptr;
  // Where it is listed until it is answered; null: nowhere.
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

// Why a job is not worth starting any more; ok: it is. [lane]
Status given_up(const LoadedPlugin& plugin, const CallJob& job, Time now);

// One entry into a method, `self` being what its thread rule asks for. The input was checked before, the answer after.
Result<Value> enter(const LoadedPlugin& plugin, uint32_t method, void* self, const Value& in,
                    const CallOptions& options, ValueWriter& out);
// What a method left in its writer, checked against the manifest. Errors: broken_contract.
Result<Value> take_answer(const LoadedPlugin& plugin, uint32_t method, ValueWriter& out);
// What the thread rule of the method asks for: the component, or the instance of this slot. [lane, slot]
Result<void*> self_on_lane(LoadedPlugin& plugin, uint32_t method, unsigned slot, const CallOptions& options);
// "component 'x', method 'y'".
std::string where(const LoadedPlugin& plugin, uint32_t method);

// One a thread, so that a call allocates its answer and nothing else.
ValueWriter& thread_writer();
// [lane, slot] Enters a method as its thread rule asks.
Result<Value> run_on_lane(LoadedPlugin& plugin, uint32_t method, unsigned slot, const Value& in,
                          const CallOptions& options);

// [lane, slot] Answers one.
void run_job_on_lane(LoadedPlugin& plugin, uint32_t method, unsigned slot, CallJob& job);

}  // namespace dormouse
