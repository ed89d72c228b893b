// A lane: the host threads that belong to one component, with a bounded queue in front.
// All code of a component that is not inline on a reactor runs here, and the threads are joined before its library is
// closed; that alone turns thread_local destructors, pthread keys and OpenMP pools from crashes into clean unloads.
// Not a general thread pool: nothing else of the host runs on a lane.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "base/task.h"

namespace dormouse {

class Lane {
 public:
  struct Limits {
    unsigned threads_max = 2;     // grown to on demand, one at a time; 1 exists from start to join
    unsigned pending_max = 64;    // queued tasks; at the bound submit refuses with queue_full
  };
  enum class Priority : uint8_t { high, normal, low };  // strict: a lower one runs when no higher one waits

  Lane(std::string name, Limits limits);
  ~Lane();  // joins
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // What runs as first and last thing on each lane thread, so that per-thread state (an instance) has a home.
  // Set before the first submit. `slot` is 0..threads_max-1; slot 0 is the thread that never retires before join.
  struct Hooks {
    UniqueFunction<void(unsigned slot)> on_thread_start;
    UniqueFunction<void(unsigned slot)> on_thread_stop;
  };
  void set_hooks(Hooks hooks);

  // A request's work: `task(slot)` runs on one of the threads. Errors: queue_full, unavailable after join.
  // The task is destroyed on the lane thread. Any thread.
  Status submit(UniqueFunction<void(unsigned slot)> task, Priority priority);

  // Life-cycle work of the component itself (open, trim, close): runs on slot 0, before any submitted task, not bounded.
  void submit_control(Task task);

  // Lets all threads but slot 0 end once they are idle (their stop hooks run), without waiting.
  void shrink();

  // Runs what is queued, ends all threads, waits for them. Slot 0 ends last: its stop hook runs after every other thread
  // has been joined, so it can close what the others used. Idempotent. Never from a lane thread.
  void join();

  unsigned threads() const;
  unsigned pending() const;
  // OS thread ids, for the ledger and for tests.
  std::vector<int> thread_ids() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dormouse
