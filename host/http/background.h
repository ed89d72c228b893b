// One thread for what a route asks that blocks on disk or on scripts: reading plugin folders, loading scripts.
// Not for calls of components, and not a pool: such requests are rare, and two script loads must not overlap anyway.
// The control listener has two: changes do not wait for what is only read.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "base/status.h"
#include "base/task.h"

namespace dormouse {

class Background {
 public:
  Background() = default;
  ~Background() { stop(); }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  // Runs `task` after those before it; the thread starts with the first. Any thread.
  // Errors: overloaded when too many wait, unavailable after stop; the task was not taken then.
  Status submit(Task task);
  // Waits for the running task; drops those that wait. Idempotent.
  void stop();

 private:
  static constexpr size_t kWaitingMax = 8;  // more than operators start by hand
  void run();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_;
  std::thread thread_;
  bool stopping_ = false;
};

}  // namespace dormouse
