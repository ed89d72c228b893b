#include "http/background.h"

#include <utility>

#include "exec/thread.h"

namespace dormouse {

Status Background::submit(Task task) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return Status(Code::unavailable, "the host is stopping");
  if (tasks_.size() >= kWaitingMax) return Status(Code::overloaded, "too many control requests wait for the disk");
  if (!thread_.joinable()) {
    Result<std::thread> started = start_thread("dm-control-io", [this] { run(); });
    if (!started.ok()) return started.status();
    thread_ = std::move(*started);
  }
  tasks_.push_back(std::move(task));
  changed_.notify_one();
  return {};
}

void Background::stop() {
  std::deque<Task> dropped;
  std::thread thread;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    dropped.swap(tasks_);
    thread = std::move(thread_);
    changed_.notify_one();
  }
  if (thread.joinable()) thread.join();
}

void Background::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    {
      Task task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
    }
    lock.lock();
  }
}

}  // namespace dormouse
