// Calls of one method that wait to be answered together: what is gathered, and when the lane is told.
// Not the running of a batch (call_batch.cc), and no thread or timer of its own: each answer says what the caller does
// next. Belongs to a loaded component, one for each method with dormouse.batch/1. Any thread; the lock is held for
// moves only.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "components/call_job.h"
#include "exec/lane.h"

namespace dormouse {

class BatchQueue final : public CallQueue {
 public:
  struct Limits {
    unsigned batch_max = 32;
    unsigned pending_max = 64;  // waiting calls; beyond it push refuses
    Duration delay{};           // how long the first call of a batch waits for others
    unsigned threads = 1;       // of the lane: many calls are shared out among them
  };
  explicit BatchQueue(Limits limits);
  ~BatchQueue() override;

  // The bound of waiting calls from now on. Any thread.
  void set_pending_max(unsigned pending_max);

  // What the caller owes the queue.
  enum class Next : uint8_t {
    nothing,  // a turn on the lane is on its way and will take this call too
    turn,     // submit one turn to the lane, or take_all() when the lane refuses
    timer     // call due() after limits().delay
  };

  // Errors: queue_full; then `job` is untouched. Calls that are given out by take() and take_all() are claimed.
  Result<Next> push(std::shared_ptr<CallJob>& job);
  // The delay of a timer has passed: nothing or turn.
  Next due();

  struct Turn {
    std::vector<std::shared_ptr<CallJob>> jobs;  // high priority first, then oldest first; perhaps none
    bool again = false;                          // more wait: submit another turn, as after Next::turn
  };
  // A turn has come: up to batch_max calls, and of many a share for each thread.
  Turn take();
  // A turn has come, and this is how long waiting before take() is likely to gather more than it costs: callers of the
  // batch that was answered last tend to be back at once, and the first of them should not go alone.
  Duration worth_waiting() const;
  // A batch of `count` is about to be answered, after it ran that long.
  void answered(size_t count, Duration ran);
  void withdraw(const CallJob& job) override;
  // Everything: no turn on the lane will come for it.
  std::vector<std::shared_ptr<CallJob>> take_all();

  const Limits& limits() const { return limits_; }

 private:
  std::vector<std::shared_ptr<CallJob>> pop(unsigned count);  // with mutex_ held; not those that are being withdrawn

  const Limits limits_;
  mutable std::mutex mutex_;
  std::array<std::deque<std::shared_ptr<CallJob>>, 3> jobs_;  // by priority
  unsigned pending_max_;
  unsigned waiting_ = 0;   // in jobs_
  bool turn_due_ = false;  // submitted, and has not begun
  bool timer_set_ = false;
  size_t last_count_ = 0;  // of the batch answered last
  Duration last_ran_{};
};

}  // namespace dormouse
