// The event loop of the tests: runs nothing unless told, on the thread that made it, by a clock that only moves when
// told. Not a simulation of threads: what other threads post waits here like everything else.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "exec/event_loop.h"
#include "exec/timer_queue.h"
#include "support/manual_clock.h"

namespace dormouse {

class ManualLoop final : public EventLoop {
 public:
  // `clock` outlives the loop; tests give the same one to what they test.
  explicit ManualLoop(ManualClock& clock) : clock_(clock) {}

  void post(Task task) override;  // any thread, as with every loop
  TimerId at(Time at, Task task) override;
  bool cancel(TimerId id) override;
  Time now() const override { return clock_.now(); }
  bool in_loop_thread() const override { return std::this_thread::get_id() == thread_; }

  // Runs what is posted and what is due, and what those post, until nothing is left; returns how many tasks ran.
  size_t run_ready();
  // Moves the clock on by `by`, stopping at each timer on the way: every timer sees its own time as now.
  size_t advance(Duration by);
  // Runs what is ready until `done`, waiting for posts of other threads (lanes). Asks after each task: other threads
  // may post the next step while this one runs, and a state that lasts for one step would be missed. False when nothing
  // came for a minute of real time, which only a failing test ever waits for.
  bool run_until(const std::function<bool()>& done);

  size_t timers() const { return timers_.size(); }

 private:
  bool run_posted();
  bool run_due();

  ManualClock& clock_;
  const std::thread::id thread_ = std::this_thread::get_id();
  std::mutex mutex_;  // over posted_ alone
  std::condition_variable arrived_;
  std::deque<Task> posted_;
  TimerQueue timers_;
};

}  // namespace dormouse
