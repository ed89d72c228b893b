// The hash of keys and tags: 64 bits, keyed with a secret drawn when the component is opened, so that who chooses keys
// cannot choose which of them collide. Not for anything that is stored or compared across processes.
// Pure functions: callable from anywhere.
#pragma once

#include <cstdint>
#include <string_view>

namespace dormouse::cache_memory {

struct HashSecret {
  uint64_t words[4];
  // From the kernel's random numbers.
  static HashSecret draw();
};

uint64_t hash_of(const HashSecret& secret, std::string_view bytes) noexcept;

}  // namespace dormouse::cache_memory
