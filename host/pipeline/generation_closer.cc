#include "pipeline/generation_closer.h"

#include <utility>

#include "exec/thread.h"
#include "pipeline/generation.h"

namespace dormouse {

GenerationCloser::~GenerationCloser() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void GenerationCloser::start() {
  const std::lock_guard lock(mutex_);
  if (thread_.joinable()) return;
  if (Result<std::thread> started = start_thread(
          "dm-scripts", [this] { run(); }, ThreadPriority::background);
      started.ok())
    thread_ = std::move(*started);
}

void GenerationCloser::close(std::unique_ptr<Generation> generation) {
  {
    const std::lock_guard lock(mutex_);
    if (thread_.joinable()) {
      waiting_.push_back(std::move(generation));
      changed_.notify_all();
    }
  }
  generation.reset();  // here only where there is no thread
}

void GenerationCloser::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_.empty() && !working_; });
}

void GenerationCloser::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    std::vector<std::unique_ptr<Generation>> closing = std::exchange(waiting_, {});
    working_ = true;
    lock.unlock();
    closing.clear();
    closed_();
    lock.lock();
    working_ = false;
    changed_.notify_all();
  }
}

}  // namespace dormouse
