#include "components/memory.h"

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <cstdlib>

namespace dormouse {

MemoryReading read_memory() {
  MemoryReading reading;
  // statm is seven numbers in pages: size resident shared text lib data dt.
  const int fd = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    char text[128];
    const ssize_t n = ::read(fd, text, sizeof text - 1);
    ::close(fd);
    if (n > 0) {
      text[n] = '\0';
      static const auto page_bytes = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
      char* at = text;
      std::strtoull(at, &at, 10);
      const uint64_t resident = std::strtoull(at, &at, 10);
      const uint64_t shared = std::strtoull(at, &at, 10);
      reading.resident_bytes = resident * page_bytes;
      reading.private_bytes = (resident > shared ? resident - shared : 0) * page_bytes;
    }
  }
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  reading.heap_bytes = 0;  // the sanitizers' allocators keep no such statistics
#else
  const struct mallinfo2 info = ::mallinfo2();
  reading.heap_bytes = info.uordblks + info.hblkhd;
#endif
  return reading;
}

MemoryDelta operator-(const MemoryReading& after, const MemoryReading& before) {
  return {static_cast<int64_t>(after.resident_bytes) - static_cast<int64_t>(before.resident_bytes),
          static_cast<int64_t>(after.private_bytes) - static_cast<int64_t>(before.private_bytes),
          static_cast<int64_t>(after.heap_bytes) - static_cast<int64_t>(before.heap_bytes), false};
}

void trim_heap() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  ::malloc_trim(0);
#endif
}

}  // namespace dormouse
