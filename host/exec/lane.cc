#include "exec/lane.h"

#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "exec/thread.h"

namespace dormouse {

Result<std::unique_ptr<Lane>> Lane::create(std::string name, Limits limits) {
  limits.threads_max = std::max(limits.threads_max, 1u);
  std::unique_ptr<Lane> lane(new Lane(std::move(name), limits));
  std::lock_guard lock(lane->mutex_);
  if (Status started = lane->start(0); !started.ok()) {
    std::call_once(lane->joined_, [] {});  // there is nothing to join
    return started;
  }
  return lane;
}

Lane::Lane(std::string name, Limits limits)
    : name_(std::move(name)), limits_(limits), pending_max_(limits.pending_max) {
  for (unsigned i = 0; i < limits_.threads_max; ++i) slots_.push_back(std::make_shared<Slot>());
}

Lane::~Lane() {
  join();
}

void Lane::set_hooks(Hooks hooks) {
  std::lock_guard lock(mutex_);
  assert(!submitted_ && !hooked_);
  hooks_ = std::move(hooks);
  hooked_ = true;
}

Status Lane::submit(SlotTask task, Priority priority, Ticket* ticket) {
  std::shared_ptr<Slot> woken;
  {
    std::lock_guard lock(mutex_);
    if (stopping_)
      return Status({.code = Code::unavailable,
                     .message = "the lane is closing",
                     .object = "lane " + name_,
                     .remedy = "try again later"});
    if (queued_ >= pending_max_) {
      return Status({.code = Code::queue_full,
                     .message = "its queue is full",
                     .object = "lane " + name_,
                     .found = std::to_string(queued_) + " waiting tasks",
                     .remedy = "try again later, or raise max_pending"});
    }
    submitted_ = true;
    queues_[static_cast<size_t>(priority)].push_back({++last_ticket_, std::move(task)});
    if (ticket) *ticket = last_ticket_;
    ++queued_;
    woken = staff();
  }
  // After unlocking, so that the woken thread does not run into our lock: one futex wake is all it takes.
  if (woken) woken->wake.notify_one();
  return {};
}

bool Lane::withdraw(Ticket ticket, Priority priority) {
  SlotTask withdrawn;  // destroyed after unlocking: what it owns may come back to the lane
  const std::lock_guard lock(mutex_);
  std::deque<Queued>& queue = queues_[static_cast<size_t>(priority)];
  const auto found = std::lower_bound(queue.begin(), queue.end(), ticket,
                                      [](const Queued& queued, Ticket wanted) { return queued.ticket < wanted; });
  if (found == queue.end() || found->ticket != ticket) return false;
  withdrawn = std::move(found->task);
  queue.erase(found);
  --queued_;  // a thread on its way for it finds nothing and goes idle
  return true;
}

void Lane::returning(unsigned slot) {
  std::lock_guard lock(mutex_);
  if (!std::exchange(slots_[slot]->returning, true)) ++waking_;
}

void Lane::submit_control(Task task) {
  std::shared_ptr<Slot> woken;
  {
    std::lock_guard lock(mutex_);
    assert(!closed_);
    control_.push_back(std::move(task));
    if (slots_[0]->idle) {
      woken = slots_[0];
      rouse(*woken);
    }
  }
  if (woken) woken->wake.notify_one();
}

unsigned Lane::grow(unsigned count) {
  const std::lock_guard lock(mutex_);
  assert(hooked_);
  const unsigned wanted = stopping_ ? 1 : std::min(count, static_cast<unsigned>(slots_.size()));
  for (unsigned i = 1; i < wanted; ++i)
    if (!slots_[i]->alive && !start(i).ok()) return i;
  return wanted;
}

void Lane::set_pending_max(unsigned pending_max) {
  const std::lock_guard lock(mutex_);
  pending_max_ = pending_max;
}

void Lane::shrink() {
  // Under the lock: this is rare, and then nothing needs to be remembered.
  std::lock_guard lock(mutex_);
  for (size_t i = 1; i < slots_.size(); ++i) {
    Slot& slot = *slots_[i];
    if (!slot.alive) continue;
    slot.retiring = true;
    if (slot.idle) {
      rouse(slot);
      slot.wake.notify_one();
    }
  }
}

void Lane::join() {
  std::call_once(joined_, [&] {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
      for (const auto& slot : slots_) {
        assert(slot->thread.get_id() != std::this_thread::get_id());
        if (!slot->idle) continue;
        rouse(*slot);
        slot->wake.notify_one();
      }
    }
    slots_[0]->thread.join();  // it has joined the others
  });
}

unsigned Lane::threads() const {
  std::lock_guard lock(mutex_);
  return static_cast<unsigned>(std::count_if(slots_.begin(), slots_.end(), [](const auto& s) { return s->alive; }));
}

unsigned Lane::pending() const {
  std::lock_guard lock(mutex_);
  return queued_;
}

std::vector<int> Lane::thread_ids() const {
  std::lock_guard lock(mutex_);
  std::vector<int> ids;
  for (const auto& slot : slots_) {
    if (slot->os_id != 0) ids.push_back(slot->os_id);
  }
  return ids;
}

Status Lane::start(unsigned index) {
  Slot& slot = *slots_[index];
  slot.predecessor = std::move(slot.thread);
  Result<std::thread> thread = start_thread(
      "dm-" + name_, [this, index] { run_slot(index); }, ThreadPriority::background);
  if (!thread.ok()) {
    slot.thread = std::move(slot.predecessor);
    return thread.status();
  }
  slot.thread = std::move(*thread);
  slot.alive = true;
  slot.retiring = false;
  slot.started = false;
  ++waking_;
  return {};
}

// The thread will look at the queues; the caller notifies `slot.wake`.
void Lane::rouse(Slot& slot) {
  slot.idle = false;
  ++waking_;
}

// Sees to it that for every queued task a thread is on its way, as far as there may be threads: an idle one, which the
// caller notifies after unlocking, else a new one. Called whenever one task more is queued or one thread less comes, so
// one step is enough.
std::shared_ptr<Lane::Slot> Lane::staff() {
  if (queued_ <= waking_) return nullptr;
  for (const auto& slot : slots_) {
    if (!slot->idle) continue;
    rouse(*slot);
    return slot;
  }
  for (unsigned i = 1; i < slots_.size(); ++i) {
    if (slots_[i]->alive) continue;
    // Without a thread to be had the task is not lost: those that exist come to it, and slot 0 always exists.
    (void)start(i).ok();
    return nullptr;
  }
  return nullptr;
}

Lane::SlotTask Lane::pop() {
  const auto queue = std::find_if(queues_.begin(), queues_.end(), [](const auto& q) { return !q.empty(); });
  SlotTask task = std::move(queue->front().task);
  queue->pop_front();
  --queued_;
  return task;
}

void Lane::run_slot(unsigned index) {
  Slot& self = *slots_[index];
  if (self.predecessor.joinable()) self.predecessor.join();
  std::unique_lock lock(mutex_);
  self.os_id = gettid();
  run_start_hook(index, lock);  // while we still count as on the way, so that nobody starts a thread for our task
  --waking_;
  for (;;) {
    run_start_hook(index, lock);  // slot 0 may be older than the hooks
    if (run_one(index, lock)) continue;
    if (index == 0 && stopping_ && join_others(lock)) continue;  // their last tasks may have left control tasks
    if (stopping_ || self.retiring) break;
    self.idle = true;
    self.wake.wait(lock, [&] { return !self.idle; });
    --waking_;
  }
  end_slot(index, lock);
}

void Lane::run_start_hook(unsigned index, std::unique_lock<std::mutex>& lock) {
  if (!hooked_ || std::exchange(slots_[index]->started, true)) return;
  lock.unlock();
  if (hooks_.on_thread_start) hooks_.on_thread_start(index);
  lock.lock();
}

// Takes and runs the next thing for this slot; false when there is none.
bool Lane::run_one(unsigned index, std::unique_lock<std::mutex>& lock) {
  if (index == 0 && !control_.empty()) {
    Task task = std::move(control_.front());
    control_.pop_front();
    const std::shared_ptr<Slot> woken = staff();  // a submitted task may have counted on this thread
    lock.unlock();
    if (woken) woken->wake.notify_one();
    task();
    task = {};
    lock.lock();
    return true;
  }
  if (queued_ == 0) return false;
  SlotTask task = pop();
  lock.unlock();
  task(index);
  task = {};
  lock.lock();
  if (std::exchange(slots_[index]->returning, false)) --waking_;
  return true;
}

void Lane::end_slot(unsigned index, std::unique_lock<std::mutex>& lock) {
  if (index == 0) closed_ = true;
  lock.unlock();  // `started` is this thread's own while it is alive
  if (slots_[index]->started && hooks_.on_thread_stop) hooks_.on_thread_stop(index);
  lock.lock();
  slots_[index]->alive = false;
  slots_[index]->os_id = 0;
  // A task may have come while the stop hook ran, with all other slots busy and this one not free yet.
  if (stopping_) return;
  if (const std::shared_ptr<Slot> woken = staff()) woken->wake.notify_one();
}

// Waits for all threads but slot 0's, which this is. Once join began none is started any more. False when there is
// none.
bool Lane::join_others(std::unique_lock<std::mutex>& lock) {
  std::vector<std::thread> others;
  for (const auto& slot : slots_) {
    const bool other = slot->thread.get_id() != std::this_thread::get_id();
    if (other && slot->thread.joinable()) others.push_back(std::move(slot->thread));
  }
  if (others.empty()) return false;
  lock.unlock();
  for (std::thread& other : others) other.join();
  lock.lock();
  return true;
}

}  // namespace dormouse
