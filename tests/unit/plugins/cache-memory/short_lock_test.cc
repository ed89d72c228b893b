#include "short_lock.h"

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

namespace dormouse::cache_memory {

TEST_CASE("a short lock lets one in at a time and forgets nobody who waits") {
  ShortLock lock;
  int counted = 0;  // not atomic: the lock is what keeps it right
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 20'000; ++k) {
        const Held held(lock);
        ++counted;
        if (k % 1000 == 0) std::this_thread::yield();  // the others have to sleep
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(counted == 80'000);
}

}  // namespace dormouse::cache_memory
