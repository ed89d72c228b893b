// A shared object as the dynamic loader would lay it out, read from its file without mapping it as code: its segments,
// and its pointers with their relocations applied.
// Refuses what would lead the loader, or its look-ups and start functions, out of the object: the loader itself checks
// next to nothing. Damage in code or data cannot be seen here; plugins.allow, a list of hashes, is the means for that.
// Immutable once read; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace dormouse {

class LoadImage {
 public:
  // A file that read_elf() has accepted. `object` names it in errors. Errors: invalid_argument "is damaged", with what
  // was needed; read errors.
  static Result<LoadImage> read(int fd, std::string_view object);

  // Copies `size` bytes at the address `at` inside the object, without relocations. False: they are not all in it.
  bool bytes(uint64_t at, void* to, size_t size) const;
  // The pointer at `at`: an address inside the object, 0 for null, kElsewhere for one into another object.
  uint64_t pointer(uint64_t at) const;
  static constexpr uint64_t kElsewhere = UINT64_MAX;
  // Whether these bytes are in the object at all, and whether a function may begin at `at`.
  bool contains(uint64_t at, uint64_t size) const;
  bool is_code(uint64_t at) const;
  // Whether no code can change these bytes once the object is relocated.
  bool is_constant(uint64_t at, uint64_t size) const;
  // The text at `at`, at most `size_max` bytes of it; "" where nothing is.
  std::string text(uint64_t at, size_t size_max) const;

 private:
  friend class LoadImageReader;
  struct Segment {
    uint64_t at = 0;
    uint64_t memory = 0;  // bytes
    uint64_t offset = 0;
    uint64_t file = 0;  // bytes of it in the file; the rest is zero
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
