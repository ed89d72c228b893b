// A lane: the host threads that belong to one component, with a bounded queue in front.
// All code of a component that is not inline on a reactor runs here, and the threads are joined before its library is
// closed; that alone turns thread_local destructors, pthread keys and OpenMP pools from crashes into clean unloads.
// Not a general thread pool: nothing else of the host runs on a lane.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/status.h"
#include "base/task.h"

namespace dormouse {

class Lane {
 public:
  struct Limits {
    unsigned threads_max = 2;   // grown to on demand, one at a time; 1 exists from create to join
    unsigned pending_max = 64;  // queued tasks; at the bound submit refuses with queue_full
  };
  enum class Priority : uint8_t { high, normal, low };  // strict: a lower one runs when no higher one waits

  // Starts the thread of slot 0. `name` is shown as dm-<name>. Errors: resource_exhausted (no thread to be had).
  static Result<std::unique_ptr<Lane>> create(std::string name, Limits limits);
  ~Lane();  // joins
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // What runs as first and last thing on each lane thread, so that per-thread state (an instance) has a home. On slot
  // 0, which exists before the hooks do, the first one runs before whatever it runs next. Either both run or none;
  // those of several slots may run at the same time. Slot 0 is the last to stop, when all other threads are gone: the
  // place to close the component. Set before the first submit. `slot` is 0..threads_max-1; only slot 0 never retires
  // before join.
  struct Hooks {
    UniqueFunction<void(unsigned slot)> on_thread_start;
    UniqueFunction<void(unsigned slot)> on_thread_stop;
  };
  void set_hooks(Hooks hooks);

  // Names one accepted task; never used twice by a lane.
  using Ticket = uint64_t;

  // A request's work: `task(slot)` runs on one of the threads and must not throw. Errors: queue_full, unavailable once
  // join began. An accepted task is destroyed on the lane thread (or by withdraw), a refused one before submit returns.
  // `ticket`, when given, is set before the task can run. Any thread.
  Status submit(UniqueFunction<void(unsigned slot)> task, Priority priority, Ticket* ticket = nullptr);

  // Takes a task out of the queue, and its place with it: nobody waits for what it would do. False when it began, ended
  // or was never accepted. The task is destroyed on the calling thread. Any thread.
  bool withdraw(Ticket ticket, Priority priority);

  // Said by a submitted task on `slot` right before its last act, such as posting its answer: whoever hears the answer
  // may submit the next task before this thread is idle again, and no second thread should be started for that. What
  // follows in the task must be short.
  void returning(unsigned slot);

  // Life-cycle work of the component itself (open, trim): runs on slot 0, before any submitted task that slot 0 has not
  // begun, not bounded. The other slots go on meanwhile. Any thread; while join waits only from the lane's own tasks.
  void submit_control(Task task);

  // Starts the threads of the slots below `count` that are not there; their start hooks run without waiting here.
  // Returns how many slots from 0 on have a thread: fewer than `count` when there is none to be had. After set_hooks,
  // any thread.
  unsigned grow(unsigned count);

  // The bound of queued tasks from now on; what is queued already stays. Any thread.
  void set_pending_max(unsigned pending_max);

  // Lets all threads but slot 0 end once they are idle (their stop hooks run), without waiting. They come back on
  // demand.
  void shrink();

  // Runs what is queued, ends all threads, waits for them. Idempotent, and safe to be called twice at the same time.
  // Never from a lane thread.
  void join();

  unsigned threads() const;
  unsigned pending() const;
  // OS thread ids of the slots, for the ledger and for tests. A thread that ends leaves this list a little before it
  // leaves the kernel; only join is a proof.
  std::vector<int> thread_ids() const;

 private:
  struct Slot {
    std::condition_variable wake;
    std::thread thread;
    std::thread predecessor;  // retired from this slot; joined by `thread` as its first act
    int os_id = 0;            // 0 until it runs and after it ended
    bool alive = false;       // from before the thread starts until its stop hook has run
    bool started = false;     // its start hook ran, or runs
    bool idle = false;        // waits on `wake`; whoever clears it notifies
    bool retiring = false;    // ends when it finds no task
    bool returning = false;   // its task is about to end; counted in waking_
  };
  using SlotTask = UniqueFunction<void(unsigned slot)>;
  struct Queued {
    Ticket ticket;
    SlotTask task;
  };

  Lane(std::string name, Limits limits);

  // All of these with mutex_ held; those that take the lock release it while the component's code runs.
  Status start(unsigned index);
  void run_slot(unsigned index);
  bool run_one(unsigned index, std::unique_lock<std::mutex>& lock);
  void run_start_hook(unsigned index, std::unique_lock<std::mutex>& lock);
  void end_slot(unsigned index, std::unique_lock<std::mutex>& lock);
  bool join_others(std::unique_lock<std::mutex>& lock);
  SlotTask pop();
  void rouse(Slot& slot);
  std::shared_ptr<Slot> staff();

  const std::string name_;
  const Limits limits_;
  std::once_flag joined_;
  Hooks hooks_;  // constant once hooked_, so the threads call them without the lock

  mutable std::mutex mutex_;
  // Shared, because a submitter notifies after unlocking: by then its task may have run, and even have led to the
  // lane's end on another thread. The slot outlives that.
  std::vector<std::shared_ptr<Slot>> slots_;
  std::array<std::deque<Queued>, 3> queues_;  // by priority, each in order of its tickets
  Ticket last_ticket_ = 0;
  std::deque<Task> control_;
  unsigned pending_max_;
  unsigned queued_ = 0;  // in queues_
  unsigned waking_ = 0;  // threads started, woken or returning that have not looked at the queues yet
  bool hooked_ = false;  // hooks_ is set
  bool submitted_ = false;
  bool stopping_ = false;  // join began
  bool closed_ = false;    // slot 0 takes no more control tasks
};

}  // namespace dormouse
