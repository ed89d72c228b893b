#include "components/memory.h"

#include <catch2/catch.hpp>

using namespace dormouse;

TEST_CASE("a reading has what the process holds") {
  const MemoryReading now = read_memory();
  CHECK(now.resident_bytes > 0);
  CHECK(now.private_bytes > 0);
  CHECK(now.private_bytes <= now.resident_bytes);
}

TEST_CASE("a difference is what came and may be negative") {
  const MemoryReading before{.resident_bytes = 100, .private_bytes = 50, .heap_bytes = 20};
  const MemoryReading after{.resident_bytes = 90, .private_bytes = 80, .heap_bytes = 20};
  const MemoryDelta delta = after - before;
  CHECK(delta.resident_bytes == -10);
  CHECK(delta.private_bytes == 30);
  CHECK(delta.heap_bytes == 0);
  CHECK_FALSE(delta.estimate);
}
