#include <cstdint>

#include "json_fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (!dormouse::holds_for_any_text({reinterpret_cast<const char*>(data), size})) std::abort();
  return 0;
}
