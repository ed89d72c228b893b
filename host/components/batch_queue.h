// A queue of calls of one method that are to be answered together (dormouse.batch/1). It gathers calls, and decides
// when a turn on the lane takes them. It runs no batch (call_batch.h does), and has no thread or timer: its return
// values say what the caller must do next. Owner: a LoadedPlugin, one queue for each method with dormouse.batch/1. Any
// thread; the lock is held only to move calls.
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

  // What the caller must do next.
  enum class Next : uint8_t {
    nothing,  // a turn on the lane is under way and will take this call too
    turn,     // submit one turn to the lane, or take_all() when the lane refuses
    timer     // call due() after limits().delay
  };

  // Adds a call. Errors: queue_full; then `job` is unchanged. take() and take_all() return claimed calls
  // (CallJob::claim).
  Result<Next> push(std::shared_ptr<CallJob>& job);
  // The time of Next::timer has passed. Returns nothing or turn.
  Next due();

  struct Turn {
    std::vector<std::shared_ptr<CallJob>> jobs;  // high priority first, then oldest first; perhaps none
    bool again = false;                          // more wait: submit another turn, as after Next::turn
  };
  // The calls for a turn that runs now: at most batch_max, and not more than a share for each thread of the lane.
  Turn take();
  // How long a turn should wait before take(). The callers of the last batch often call again at once; a short wait
  // gathers them, so that the first of them does not run alone.
  Duration worth_waiting() const;
  // A batch of `count` calls, which ran for `ran`, is about to be answered. Data for worth_waiting().
  void answered(size_t count, Duration ran);
  void withdraw(const CallJob& job) override;
  // Removes and returns all calls: no turn on the lane will take them.
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
