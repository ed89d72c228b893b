// A shared object as the dynamic loader would lay it out in memory: its segments, and its pointers with their
// relocations applied. Read from the file, without mapping the file as code.
// It refuses a file that would lead the loader, its look-ups or the start functions out of the object, because the
// loader itself checks almost nothing. It cannot see damage in code or data; plugins.allow, a list of hashes, can.
// Owner: the caller. Immutable once read; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace dormouse {

class LoadImage {
 public:
  // Reads a file that read_elf() has accepted. `object` names the file in errors. Errors: invalid_argument "is
  // damaged", with needed; read errors.
  static Result<LoadImage> read(int fd, std::string_view object);

  // Below, `at` is an address inside the object, in bytes from its start.

  // Copies `size` bytes at `at`, without relocations. False: not all of these bytes are in the object.
  bool bytes(uint64_t at, void* to, size_t size) const;
  // The pointer stored at `at`: an address inside the object, 0 for null, kElsewhere for an address in another object.
  uint64_t pointer(uint64_t at) const;
  static constexpr uint64_t kElsewhere = UINT64_MAX;
  // Whether all `size` bytes at `at` are in the object; whether `at` lies in executable code.
  bool contains(uint64_t at, uint64_t size) const;
  bool is_code(uint64_t at) const;
  // Whether no code can change these bytes once the object is relocated.
  bool is_constant(uint64_t at, uint64_t size) const;
  // The zero-terminated text at `at`, at most `size_max` bytes of it; "" when `at` is not in the object.
  std::string text(uint64_t at, size_t size_max) const;

 private:
  friend class LoadImageReader;
  struct Segment {
    uint64_t at = 0;
    uint64_t memory = 0;  // bytes
    uint64_t offset = 0;
    uint64_t file = 0;  // bytes of the segment in the file; the rest is zero
    bool writable = false;
    bool executable = false;
  };
  struct Relocated {
    uint64_t at = 0;
    uint64_t target = 0;
  };
  const Segment* segment_of(uint64_t at, uint64_t size) const;

  std::vector<Segment> segments_;            // PT_LOAD, by address
  std::vector<Segment> relro_;               // read-only after relocation
  std::vector<Relocated> pointers_;          // by address
  std::vector<std::vector<char>> contents_;  // of segments_; empty for code
  int fd_ = -1;
};

}  // namespace dormouse
