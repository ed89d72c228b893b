// The memory of one Lua state, apart from the heap of the process. Memory that the state frees goes back to the system
// at once, without malloc_trim and its locks, and no block of another thread can keep it.
// Small blocks lie in spans of blocks of one size; each larger block is a mapping. Lua passes the size of each block
// that it frees, so blocks have no headers. It is no general allocator: it keeps little freed memory for reuse.
// Owner: the LuaState. One thread at a time. It fails by returning null.
#pragma once

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

namespace dormouse {

class LuaHeap {
 public:
  LuaHeap() = default;
  ~LuaHeap() { release_kept(); }  // Lua has freed every block by then
  LuaHeap(const LuaHeap&) = delete;

  // Like realloc; sizes in bytes. `old_size` is the size of `block`; null and 0 allocate; a `new_size` of 0 frees. Null
  // when the system has no memory; then `block` is unchanged.
  void* reallocate(void* block, size_t old_size, size_t new_size);
  // Gives the memory that is kept for reuse back to the system.
  void release_kept();
  // Bytes of address space, in use and kept for reuse.
  size_t mapped_bytes() const { return mapped_; }

 private:
  static constexpr size_t kSpanBytes = size_t{64} << 10;
  static constexpr size_t kSmallMax = size_t{8} << 10;
  static constexpr size_t kClasses = 16 + 5 * 4;  // every 16 bytes up to 256, then four for each doubling
  static constexpr size_t kKeptBytesMax = size_t{1} << 20;

  struct FreeBlock {
    FreeBlock* next;
  };
  // At the begin of its 64 KiB, to which it is aligned; the blocks follow.
  struct alignas(16) Span {
    Span* next;
    Span* previous;
    FreeBlock* free;
    unsigned used;       // blocks
    unsigned untouched;  // where the blocks begin that were never given out
    unsigned block_size;
    unsigned class_index;
  };
  static size_t class_of(size_t size);
  static size_t size_of_class(size_t index);
  static size_t rounded_large(size_t size);
  static Span* span_of(void* block);
  void* allocate(size_t size);
  void free(void* block, size_t size);
  void* allocate_small(size_t index);
  void free_small(void* block);
  void link(Span* span);
  void unlink(Span* span);
  void* take_mapping(size_t size);
  void give_mapping(void* memory, size_t size);

  std::array<Span*, kClasses> open_{};          // by class: the spans with room
  std::vector<std::pair<void*, size_t>> kept_;  // for reuse: spans, and larger mappings
  size_t kept_bytes_ = 0;
  size_t mapped_ = 0;
};

}  // namespace dormouse
