// FNV-1a with 64 bits: a fast hash of texts that this host itself made or has read, the same on every machine.
// Not for what a hostile client chooses: collisions are easy to make. A value; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace dormouse {

class Fnv {
 public:
  void add_byte(uint8_t byte) { hash_ = (hash_ ^ byte) * 0x100000001b3u; }
  void add(std::string_view bytes) {
    for (const char byte : bytes) add_byte(static_cast<uint8_t>(byte));
  }
  // Its eight bytes, the lowest first.
  void add(uint64_t number) {
    for (int byte = 0; byte < 8; ++byte, number >>= 8) add_byte(static_cast<uint8_t>(number));
  }
  // Behind each text of a list, so that "ab", "c" is not "a", "bc": no UTF-8 has this byte.
  void end_text() { add_byte(0xff); }

  uint64_t value() const { return hash_; }

 private:
  uint64_t hash_ = 0xcbf29ce484222325u;
};

}  // namespace dormouse
