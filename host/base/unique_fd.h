// A file descriptor with an owner. Not a file: reading and writing whole ones is file.h.
// Movable between threads; one thread uses it at a time.
#pragma once

#include <unistd.h>

#include <utility>

namespace dormouse {

class UniqueFd {
 public:
  UniqueFd() = default;  // owns nothing
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

  // The caller owns it from here on.
  int release() { return std::exchange(fd_, -1); }
  // close() is not repeated on EINTR: on Linux the number is free either way, and may be another thread's by then.
  void reset(int fd = -1) {
    if (const int old = std::exchange(fd_, fd); old >= 0) ::close(old);
  }

 private:
  int fd_ = -1;
};

}  // namespace dormouse
