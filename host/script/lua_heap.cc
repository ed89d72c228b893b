#include "script/lua_heap.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

namespace dormouse {
namespace {

constexpr size_t kPage = 4096;

// The thread sanitizer sees mmap and munmap but not mremap: it takes the next user of the old addresses for a racing
// one.
#if defined(__SANITIZE_THREAD__)
constexpr bool kMovesMappings = false;
#else
constexpr bool kMovesMappings = true;
#endif

// Four sizes for each doubling: the next one at or above `size`.
size_t quarter_step_up(size_t size) {
  const size_t step = std::bit_floor(size - 1) / 4;
  return (size + step - 1) / step * step;
}

void* map_pages(size_t size) {
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

// Aligned to its size, a power of two.
void* map_aligned(size_t size) {
  auto* memory = static_cast<char*>(map_pages(2 * size));
  if (!memory) return nullptr;
  const size_t before = (size - reinterpret_cast<uintptr_t>(memory) % size) % size;
  if (before > 0) ::munmap(memory, before);
  if (before < size) ::munmap(memory + before + size, size - before);
  return memory + before;
}

}  // namespace

size_t LuaHeap::class_of(size_t size) {
  if (size <= 256) return (size - 1) / 16;
  const auto doubling = static_cast<size_t>(std::bit_width(size - 1)) - 9;  // 257..512 is the first
  return 16 + 4 * doubling + ((size - 1) >> (doubling + 6)) - 4;
}

size_t LuaHeap::size_of_class(size_t index) {
  if (index < 16) return (index + 1) * 16;
  const size_t doubling = (index - 16) / 4;
  return (5 + (index - 16) % 4) << (doubling + 6);
}

size_t LuaHeap::rounded_large(size_t size) {
  const size_t rounded = (quarter_step_up(size) + kPage - 1) / kPage * kPage;
  return rounded == kSpanBytes ? rounded + kPage : rounded;  // what is kept of that size is aligned
}

LuaHeap::Span* LuaHeap::span_of(void* block) {
  return reinterpret_cast<Span*>(reinterpret_cast<uintptr_t>(block) & ~(kSpanBytes - 1));
}

void* LuaHeap::reallocate(void* block, size_t old_size, size_t new_size) {
  if (new_size == 0) {
    if (block) free(block, old_size);
    return nullptr;
  }
  if (!block) return allocate(new_size);
  const bool small = new_size <= kSmallMax;
  if (small && old_size <= kSmallMax && class_of(old_size) == class_of(new_size)) return block;
  if (kMovesMappings && !small && old_size > kSmallMax) {
    const size_t from = rounded_large(old_size), to = rounded_large(new_size);
    if (from == to) return block;
    void* moved = ::mremap(block, from, to, MREMAP_MAYMOVE);
    if (moved == MAP_FAILED) return nullptr;
    mapped_ += to - from;
    return moved;
  }
  void* made = allocate(new_size);
  if (!made) return nullptr;
  std::memcpy(made, block, std::min(old_size, new_size));
  free(block, old_size);
  return made;
}

void* LuaHeap::allocate(size_t size) {
  return size <= kSmallMax ? allocate_small(class_of(size)) : take_mapping(rounded_large(size));
}

void LuaHeap::free(void* block, size_t size) {
  if (size <= kSmallMax)
    free_small(block);
  else
    give_mapping(block, rounded_large(size));
}

void* LuaHeap::allocate_small(size_t index) {
  Span* span = open_[index];
  if (!span) {
    span = static_cast<Span*>(take_mapping(kSpanBytes));
    if (!span) return nullptr;
    *span = Span{nullptr,
                 nullptr,
                 nullptr,
                 0,
                 sizeof(Span),
                 static_cast<unsigned>(size_of_class(index)),
                 static_cast<unsigned>(index)};
    link(span);
  }
  void* block = span->free;
  if (block) {
    span->free = span->free->next;
  } else {
    block = reinterpret_cast<char*>(span) + span->untouched;
    span->untouched += span->block_size;
  }
  ++span->used;
  if (!span->free && span->untouched + span->block_size > kSpanBytes) unlink(span);
  return block;
}

void LuaHeap::free_small(void* block) {
  Span* span = span_of(block);
  const bool was_full = !span->free && span->untouched + span->block_size > kSpanBytes;
  auto* freed = static_cast<FreeBlock*>(block);
  freed->next = span->free;
  span->free = freed;
  if (was_full) link(span);
  if (--span->used > 0) return;
  unlink(span);
  give_mapping(span, kSpanBytes);
}

void LuaHeap::link(Span* span) {
  Span*& first = open_[span->class_index];
  span->previous = nullptr;
  span->next = first;
  if (first) first->previous = span;
  first = span;
}

void LuaHeap::unlink(Span* span) {
  (span->previous ? span->previous->next : open_[span->class_index]) = span->next;
  if (span->next) span->next->previous = span->previous;
}

void* LuaHeap::take_mapping(size_t size) {
  const auto kept = std::find_if(kept_.rbegin(), kept_.rend(), [&](const auto& one) { return one.second == size; });
  if (kept != kept_.rend()) {
    void* memory = kept->first;
    kept_.erase(std::next(kept).base());
    kept_bytes_ -= size;
    return memory;
  }
  void* memory = size == kSpanBytes ? map_aligned(size) : map_pages(size);
  if (memory) mapped_ += size;
  return memory;
}

void LuaHeap::give_mapping(void* memory, size_t size) {
  if (kept_bytes_ + size <= kKeptBytesMax) {
    kept_.emplace_back(memory, size);
    kept_bytes_ += size;
    return;
  }
  ::munmap(memory, size);
  mapped_ -= size;
}

void LuaHeap::release_kept() {
  for (const auto& [memory, size] : kept_) {
    ::munmap(memory, size);
    mapped_ -= size;
  }
  kept_.clear();
  kept_bytes_ = 0;
}

}  // namespace dormouse
