// One value of the ABI as bytes of its own: a buffer of the value format with nothing in it but this value, wherever it
// was taken from. What the methods of the component keep; what the host keeps is packed by the host. Pure functions:
// callable from anywhere.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>

#include "dormouse/value.h"

namespace dormouse::cache_memory {

struct FreeBytes {
  void operator()(std::byte* bytes) const noexcept { std::free(bytes); }
};
struct PackedValue {
  std::unique_ptr<std::byte[], FreeBytes> bytes;  // on the boundary that the format asks for
  size_t size = 0;
  dm_value root() const noexcept { return dm_value_root(bytes.get()); }
};

// Of a valid value, as those are that the host passes. Throws std::bad_alloc.
PackedValue pack(dm_value value);
// Of bytes that were packed, on any boundary. Throws std::bad_alloc.
PackedValue unpack(const void* bytes, size_t size);

}  // namespace dormouse::cache_memory
