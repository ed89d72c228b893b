// Text and addresses for a signal handler: no allocation, no lock, no locale. Private to crash_reporter.cc and its
// tests.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string_view>

namespace dormouse {

// Text in a buffer of fixed size; characters that do not fit are dropped.
template <size_t N>
class FixedText {
 public:
  std::string_view view() const { return {data_.data(), size_}; }
  void clear() { size_ = 0; }
  FixedText& put(std::string_view text) {
    for (const char c : text)
      if (size_ < N) data_[size_++] = c;
    return *this;
  }
  // Like put(), with '?' for control characters, which could end the line.
  FixedText& put_clean(std::string_view text) {
    for (const char c : text)
      if (size_ < N) data_[size_++] = static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    return *this;
  }
  FixedText& put_number(uint64_t number, unsigned digits_min = 1) { return put_digits(number, 10, digits_min); }
  FixedText& put_hex(uint64_t number, unsigned digits_min = 1) { return put_digits(number, 16, digits_min); }

 private:
  FixedText& put_digits(uint64_t number, unsigned base, unsigned digits_min) {
    char digits[20];
    unsigned count = 0;
    for (; number > 0 || count < digits_min; number /= base) digits[count++] = "0123456789abcdef"[number % base];
    while (count > 0) put({&digits[--count], 1});
    return *this;
  }

  std::array<char, N> data_{};
  size_t size_ = 0;
};

// Calendar time in UTC. gmtime_r takes a lock.
struct UtcTime {
  uint64_t year, month, day, hour, minute, second;
  static UtcTime of(time_t seconds);
};

// The file and offset of an address, from /proc/self/maps.
struct FoundAddress {
  uintptr_t address = 0;
  uint64_t offset = 0;           // in `path`; without a path, the address itself
  std::array<char, 512> path{};  // "" when nothing is mapped there, or nothing with a name
};

// Fills in path and offset of `count` addresses. `maps_fd` is a descriptor of /proc/self/maps, read from its beginning.
void find_addresses(int maps_fd, FoundAddress* found, size_t count);

}  // namespace dormouse
