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
#include "exec/lane.h"

namespace dormouse {

struct CallJob;

class BatchQueue {
 public:
  struct Limits {
    unsigned batch_max = 32;
    unsigned pending_max = 64;  // waiting calls; beyond it push refuses
    Duration delay{};           // how long the first call of a batch waits for others
  };
  explicit BatchQueue(Limits limits);
  ~BatchQueue();

  // What the caller owes the queue.
  enum class Next : uint8_t {
    nothing,  // a turn on the lane is on its way and will take this call too
    turn,     // submit one turn to the lane, or take_all() when the lane refuses
    timer     // call due() after limits().delay
  };

  // Errors: queue_full; then `job` is untouched.
  Result<Next> push(std::unique_ptr<CallJob>& job);
  // The delay of a timer has passed: nothing or turn.
  Next due();

  struct Turn {
    std::vector<std::unique_ptr<CallJob>> jobs;  // high priority first, then oldest first; perhaps none
    bool again = false;                          // more wait: submit another turn, as after Next::turn
  };
  // A turn has come: up to batch_max calls.
  Turn take();
  // Everything, because nobody will come for it.
  std::vector<std::unique_ptr<CallJob>> take_all();

  const Limits& limits() const { return limits_; }

 private:
  std::vector<std::unique_ptr<CallJob>> pop(unsigned count);  // with mutex_ held

  const Limits limits_;
  std::mutex mutex_;
  std::array<std::deque<std::unique_ptr<CallJob>>, 3> jobs_;  // by priority
  unsigned waiting_ = 0;                                      // in jobs_
  bool turn_due_ = false;                                     // submitted, and has not begun
  bool timer_set_ = false;
};

}  // namespace dormouse
