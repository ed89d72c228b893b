#include "support/manual_loop.h"

#include <cassert>
#include <utility>

namespace dormouse {

void ManualLoop::post(Task task) {
  std::lock_guard lock(mutex_);
  posted_.push_back(std::move(task));
  arrived_.notify_one();  // under the lock: the loop may be gone as soon as this task ran
}

EventLoop::TimerId ManualLoop::at(Time at, Task task) {
  assert(in_loop_thread());
  return timers_.add(at, std::move(task));
}

bool ManualLoop::cancel(TimerId id) {
  assert(in_loop_thread());
  return timers_.cancel(id);
}

bool ManualLoop::run_posted() {
  Task task;
  {
    std::lock_guard lock(mutex_);
    if (posted_.empty()) return false;
    task = std::move(posted_.front());
    posted_.pop_front();
  }
  task();
  return true;
}

bool ManualLoop::run_due() {
  if (timers_.empty() || timers_.next() > now()) return false;
  timers_.take()();
  return true;
}

size_t ManualLoop::run_ready() {
  assert(in_loop_thread());
  size_t ran = 0;
  while (run_posted() || run_due()) ++ran;
  return ran;
}

size_t ManualLoop::advance(Duration by) {
  const Time target = now() + by;
  size_t ran = run_ready();
  while (!timers_.empty() && timers_.next() <= target) {
    clock_.advance(timers_.next() - now());
    ran += run_ready();
  }
  clock_.advance(target - now());
  return ran;
}

bool ManualLoop::run_until(const std::function<bool()>& done) {
  for (;;) {
    if (done()) return true;
    if (run_posted() || run_due()) continue;
    std::unique_lock lock(mutex_);
    if (!arrived_.wait_for(lock, std::chrono::seconds(60), [&] { return !posted_.empty(); })) return false;
  }
}

}  // namespace dormouse
