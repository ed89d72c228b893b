// CRC-32C (Castagnoli): whether bytes came back as they were written. Not against anybody who wants to deceive.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dormouse::search {

// Of `size` bytes that follow what `crc` was computed of; 0 to begin with. With the CPU's instruction where it has one.
uint32_t crc32c(uint32_t crc, const void* data, size_t size);
// The same, without.
uint32_t crc32c_portable(uint32_t crc, const void* data, size_t size);

}  // namespace dormouse::search
