// Readings of the memory of this process, and their differences around a load or an unload, in bytes. Functions and
// data; any thread.
#pragma once

#include <cstdint>

#include "base/status.h"

namespace dormouse {

struct MemoryReading {
  uint64_t resident_bytes = 0;  // RSS
  uint64_t private_bytes = 0;   // RSS minus file and shared pages: held by this process alone
  uint64_t heap_bytes = 0;      // handed out by malloc, all arenas
};

// Reads /proc/self/statm and mallinfo2; takes some microseconds.
MemoryReading read_memory();

// The difference of two readings around a load or an unload.
struct MemoryDelta {
  int64_t resident_bytes = 0;  // also counts pages of mapped files, such as a model: reclaimable, but held
  int64_t private_bytes = 0;
  int64_t heap_bytes = 0;
  bool estimate = false;  // another load or unload overlapped, so a part of the bytes may belong to that one
};
MemoryDelta operator-(const MemoryReading& after, const MemoryReading& before);

// Gives free heap pages back to the kernel. Takes milliseconds per GiB: never on a reactor.
void trim_heap();

}  // namespace dormouse
