// A model's file as memory: mapped read-only, and written so that a reader sees the old one or the new one.
// Not the layout: model_file.h has one with sections and checksums. Any thread may read a mapping.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace dormouse::nlu {

class MappedFile {
 public:
  MappedFile() = default;
  // Throws Failure: DM_NOT_FOUND, DM_DATA_LOSS (no regular file, or of another size than from bytes_min to bytes_max),
  // DM_UNAVAILABLE (the system refuses).
  static MappedFile open(const std::string& path, uint64_t bytes_min, uint64_t bytes_max);

  MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  MappedFile& operator=(MappedFile&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~MappedFile();

  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::span<const std::byte> bytes_;
};

// Refuses a model: throws Failure DM_DATA_LOSS "model NAME: what; train it again".
[[noreturn]] void damaged_model(const std::string& name, const std::string& what);

// Against damage, not against attackers; several GB/s.
uint64_t checksum(std::span<const std::byte> bytes);

// Writes beside `path`, syncs, renames. Throws Failure: DM_UNAVAILABLE, DM_RESOURCE_EXHAUSTED (disk full).
void write_file_atomically(const std::string& path, std::span<const std::byte> bytes);

}  // namespace dormouse::nlu
