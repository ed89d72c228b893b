// One thread's loop, as its users see it: post work, set timers, read the clock.
// Two implementations: Reactor (Asio, one thread per core) and, in tests, ManualLoop with a clock that only moves when
// told.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/task.h"

namespace dormouse {

class EventLoop {
 public:
  using TimerId = uint64_t;  // 0 is never a timer

  virtual ~EventLoop() = default;

  // Runs `task` on the loop's thread, in order of posting, never inside post. Any thread.
  virtual void post(Task task) = 0;

  // Runs `task` once on the loop's thread, not before `at`. Loop thread only.
  virtual TimerId at(Time at, Task task) = 0;
  // False when it ran, is running or never was. Loop thread only.
  virtual bool cancel(TimerId id) = 0;

  // Loop time. Any thread.
  virtual Time now() const = 0;
  virtual bool in_loop_thread() const = 0;
};

}  // namespace dormouse
