// One entry of a space in one block of memory: header, key, value, links to its tags. The space holds one reference,
// each hit another one; who lets go of the last frees it, so a value stays where it is as long as somebody reads it.
// Everything but the references belongs to the shard whose lock is held, and does not change while it is in none.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dormouse/ext/cache.h"
#include "node.h"

namespace dormouse::cache_memory {

constexpr size_t kKeyBytesMax = 65'536;
constexpr size_t kTagBytesMax = 256;
constexpr size_t kTagsMax = 16;

struct Entry;
struct Tag;

// An entry in the list of one of its tags.
struct TagLink {
  Tag* tag = nullptr;
  Entry* entry = nullptr;
  TagLink* next = nullptr;
  TagLink* previous = nullptr;
};

struct Entry : Node {
  // Copies what is put; its weight is what it takes from the allocator. Null: no memory. The tags are linked later.
  static Entry* make(const dm_cache_entry& from, uint64_t hash) noexcept;
  // Lets go of one reference.
  static void release(Entry* entry) noexcept;

  void pin() noexcept { references.fetch_add(1, std::memory_order_relaxed); }
  std::string_view key() const noexcept { return {reinterpret_cast<const char*>(this + 1), key_size}; }
  const char* value() const noexcept;
  TagLink* links() noexcept;

  uint8_t tag_count = 0;
  std::atomic<uint32_t> references{1};
  uint32_t key_size = 0;
  uint32_t value_size = 0;
  int64_t expires_ns = 0;
};
static_assert(sizeof(Entry) <= 72, "the header of each of a million entries");

// Entries taken out under a lock and let go after it: freeing takes longer than taking out. Make it before the lock.
class Leavers {
 public:
  Leavers() = default;
  ~Leavers();
  Leavers(const Leavers&) = delete;
  Leavers& operator=(const Leavers&) = delete;
  void add(Entry& entry) noexcept {
    entry.newer = first_;
    first_ = &entry;
  }

 private:
  Node* first_ = nullptr;
};

}  // namespace dormouse::cache_memory
