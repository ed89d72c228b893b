// A lock for what is read all the time and changed now and then. Lets a waiting writer pass before the readers that
// come after it; a plain shared_mutex may let it wait for ever.
#pragma once

#include <mutex>
#include <shared_mutex>

namespace dormouse::search {

class Gate {
 public:
  std::shared_lock<std::shared_mutex> read() {
    { const std::lock_guard wait(door_); }
    return std::shared_lock(mutex_);
  }
  std::unique_lock<std::shared_mutex> write() {
    const std::lock_guard wait(door_);
    return std::unique_lock(mutex_);
  }

 private:
  std::mutex door_;
  std::shared_mutex mutex_;
};

}  // namespace dormouse::search
