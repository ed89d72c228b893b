#include "short_lock.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace dormouse::cache_memory {
namespace {

constexpr int kLooks = 60;  // about a microsecond

void pause_a_little() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

void ShortLock::wait() noexcept {
  for (int i = 0; i < kLooks; ++i) {
    pause_a_little();
    uint32_t free = kFree;
    if (state_.load(std::memory_order_relaxed) == kFree &&
        state_.compare_exchange_strong(free, kTaken, std::memory_order_acquire))
      return;
  }
  // From here on it counts as awaited until somebody gives it back, also when nobody waits any more: one needless wake.
  while (state_.exchange(kAwaited, std::memory_order_acquire) != kFree)
    syscall(SYS_futex, &state_, FUTEX_WAIT_PRIVATE, kAwaited, nullptr, nullptr, 0);
}

void ShortLock::wake_one() noexcept {
  syscall(SYS_futex, &state_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

}  // namespace dormouse::cache_memory
