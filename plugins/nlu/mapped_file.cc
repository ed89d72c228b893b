#include "nlu/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "dormouse/plugin.hpp"

namespace dormouse::nlu {

MappedFile MappedFile::open(const std::string& path, uint64_t bytes_min, uint64_t bytes_max) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe would be waited for
  if (fd < 0) {
    throw Failure(errno == ENOENT ? DM_NOT_FOUND : DM_UNAVAILABLE, "model " + path + ": " + std::strerror(errno));
  }
  struct stat facts {};
  const bool known = ::fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode);
  const auto size = known ? static_cast<uint64_t>(facts.st_size) : 0;
  if (size == 0 || size < bytes_min || size > bytes_max) {
    ::close(fd);
    damaged_model(path, "needed a file of " + std::to_string(bytes_min) + " to " + std::to_string(bytes_max) +
                            " bytes, found " + std::to_string(size));
  }
  void* memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  const int problem = errno;
  ::close(fd);
  if (memory == MAP_FAILED) {
    throw Failure(DM_UNAVAILABLE, "model " + path + " cannot be mapped: " + std::strerror(problem));
  }
  MappedFile file;
  file.bytes_ = {static_cast<const std::byte*>(memory), size};
  return file;
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void damaged_model(const std::string& name, const std::string& what) {
  throw Failure(DM_DATA_LOSS, "model " + name + ": " + what + "; train it again");
}

// Four independent lanes.
uint64_t checksum(std::span<const std::byte> bytes) {
  constexpr uint64_t kMultiplier = 0x9FB21C651E98DF25u;
  std::array<uint64_t, 4> lanes{0x243F6A8885A308D3u, 0x13198A2E03707344u, 0xA4093822299F31D0u, 0x082EFA98EC4E6C89u};
  size_t at = 0;
  const auto mix = [&](uint64_t& lane, uint64_t word) {
    lane = (lane ^ word) * kMultiplier;
    lane ^= lane >> 32;
  };
  for (; at + 32 <= bytes.size(); at += 32) {
    std::array<uint64_t, 4> words;
    std::memcpy(words.data(), bytes.data() + at, 32);
    for (size_t i = 0; i < 4; ++i) mix(lanes[i], words[i]);
  }
  for (; at < bytes.size(); ++at) mix(lanes[at % 4], static_cast<uint64_t>(bytes[at]) + 1);
  uint64_t sum = bytes.size();
  for (uint64_t lane : lanes) mix(sum, lane);
  return sum;
}

void write_file_atomically(const std::string& path, std::span<const std::byte> bytes) {
  const std::string temporary = path + ".part";
  const auto fail = [&](int problem) {
    ::unlink(temporary.c_str());
    throw Failure(problem == ENOSPC || problem == EDQUOT ? DM_RESOURCE_EXHAUSTED : DM_UNAVAILABLE,
                  "model " + path + " cannot be written: " + std::strerror(problem));
  };
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) fail(errno);
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int problem = errno;
      ::close(fd);
      fail(problem);
    }
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  const bool synced = ::fsync(fd) == 0;
  const int problem = errno;
  if (::close(fd) != 0 || !synced) fail(problem);
  if (::rename(temporary.c_str(), path.c_str()) != 0) fail(errno);
}

}  // namespace dormouse::nlu
