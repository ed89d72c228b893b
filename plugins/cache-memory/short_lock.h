// A lock that is held for some hundred nanoseconds: four bytes, one exchange to take and one to give back; who finds it
// taken looks again for about a microsecond and then sleeps, since the holder may have lost its processor.
// Not fair, not recursive.
#pragma once

#include <atomic>
#include <cstdint>

namespace dormouse::cache_memory {

class ShortLock {
 public:
  ShortLock() = default;
  ShortLock(const ShortLock&) = delete;
  ShortLock& operator=(const ShortLock&) = delete;

  void lock() noexcept {
    uint32_t free = kFree;
    if (!state_.compare_exchange_strong(free, kTaken, std::memory_order_acquire)) wait();
  }
  void unlock() noexcept {
    if (state_.exchange(kFree, std::memory_order_release) == kAwaited) wake_one();
  }

 private:
  enum : uint32_t { kFree, kTaken, kAwaited };
  void wait() noexcept;
  void wake_one() noexcept;
  std::atomic<uint32_t> state_{kFree};
};

class Held {
 public:
  explicit Held(ShortLock& lock) noexcept : lock_(lock) { lock_.lock(); }
  ~Held() { lock_.unlock(); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

 private:
  ShortLock& lock_;
};

}  // namespace dormouse::cache_memory
