// Foreign value buffers: whatever the bytes, dm_value_problem refuses them or every reader is safe on them.
// One function for libFuzzer (built with clang and DORMOUSE_FUZZ=ON); value_replay.cc runs it over seeded mutations.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "plugin-api/value_builder.h"

using dormouse_test::AlignedBytes;

namespace {

// Kept where the optimiser cannot prove it unused.
volatile uint64_t sink;

void check(const AlignedBytes& bytes) {
  if (bytes.problem() == nullptr) sink = dormouse_test::read_everything(bytes.root());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const AlignedBytes bytes(data, size);
  check(bytes);
  if (size < sizeof(dm_value_header)) return 0;
  // The same bytes behind a header that agrees with them, so that the search need not guess 16 exact bytes first.
  const uint64_t header_size = size;
  bytes.poke(0, uint32_t{DM_VALUE_MAGIC});
  bytes.poke(4, uint32_t{0});
  bytes.poke(8, header_size);
  check(bytes);
  return 0;
}
