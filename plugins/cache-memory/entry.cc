#include "entry.h"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <new>

namespace dormouse::cache_memory {
namespace {

constexpr size_t kAlignment = 8;
constexpr size_t kChunkHeader = 8;  // of the allocator's own, before each block

constexpr size_t aligned(size_t size) noexcept {
  return (size + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

Entry* Entry::make(const dm_cache_entry& from, uint64_t hash) noexcept {
  const size_t size =
      sizeof(Entry) + aligned(from.key_size) + aligned(from.value_size) + from.tag_count * sizeof(TagLink);
  void* memory = std::malloc(size);
  if (memory == nullptr) return nullptr;
  auto* entry = new (memory) Entry;
  entry->hash = hash;
  entry->cost_ns = from.cost_ns;
  const size_t weight = malloc_usable_size(memory) + kChunkHeader;
  entry->weight = static_cast<uint32_t>(std::min<size_t>(weight, std::numeric_limits<uint32_t>::max()));
  entry->tag_count = static_cast<uint8_t>(from.tag_count);
  entry->key_size = static_cast<uint32_t>(from.key_size);
  entry->value_size = static_cast<uint32_t>(from.value_size);
  entry->expires_ns = from.expires_ns;
  std::memcpy(static_cast<char*>(memory) + sizeof(Entry), from.key, from.key_size);
  if (from.value_size > 0) std::memcpy(const_cast<char*>(entry->value()), from.value, from.value_size);
  for (uint32_t i = 0; i < from.tag_count; ++i) new (entry->links() + i) TagLink;
  return entry;
}

void Entry::release(Entry* entry) noexcept {
  if (entry->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  std::destroy_at(entry);
  std::free(static_cast<void*>(entry));
}

const char* Entry::value() const noexcept {
  return reinterpret_cast<const char*>(this + 1) + aligned(key_size);
}

TagLink* Entry::links() noexcept {
  return reinterpret_cast<TagLink*>(const_cast<char*>(value()) + aligned(value_size));
}

Leavers::~Leavers() {
  while (first_ != nullptr) {
    auto* entry = static_cast<Entry*>(first_);
    first_ = entry->newer;
    Entry::release(entry);
  }
}

}  // namespace dormouse::cache_memory
