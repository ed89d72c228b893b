// What is in a shard: entries, how to find them, their tags, and the policy that says who goes. One object, so that a
// purge of everything is an exchange of it. Owns the entries; not synchronised; knows no lock, clock or epoch.
#pragma once

#include <cstdint>
#include <memory>

#include "entry.h"
#include "index.h"
#include "policy.h"
#include "tags.h"

namespace dormouse::cache_memory {

class Contents {
 public:
  explicit Contents(std::unique_ptr<Policy> policy) noexcept;
  ~Contents();
  Contents(const Contents&) = delete;
  Contents& operator=(const Contents&) = delete;

  Entry* find(std::string_view key, uint64_t hash) noexcept {
    auto* slot = index_.find(hash, [&](const Entry& entry) { return entry.key() == key; });
    return slot != nullptr ? slot->item : nullptr;
  }
  void use(Entry& entry) noexcept {
    if (mark_max_ == 0) {
      policy_->hit(entry);
    } else if (entry.frequency < mark_max_) {
      ++entry.frequency;
    }
  }
  // Whether the entry may come in with these bytes at the most; makes room in the index for it. Throws std::bad_alloc.
  bool has_room_for(const Entry& entry, const HashedTag* tags, uint64_t bytes_max);
  // Of a key that is not in, after has_room_for(). Throws std::bad_alloc, and then has done nothing.
  void enter(Entry& entry, const HashedTag* tags);
  // The caller has the reference then.
  void take_out(Entry& entry) noexcept;
  // Takes out who goes; see Policy.
  Entry* evict(uint32_t incoming, int& steps) noexcept;
  // The next that has expired in the next `slots` slots.
  Entry* find_expired(int& slots, int64_t now_ns) noexcept;

  // The entries with a tag, to be taken out some at a time: until then they are found, and no other gets into the list.
  Tag* detach(const HashedTag& tag) noexcept { return tags_.detach(tag); }
  void drop_detached(Tag& tag) noexcept { tags_.drop_detached(tag); }
  uint64_t entries_with(const HashedTag& tag) noexcept { return tags_.entries_with(tag); }

  // Gives back what is empty or only for better guesses. Takes long.
  void shrink() noexcept;
  size_t entries() const noexcept { return index_.size(); }
  size_t slots() const noexcept { return index_.bytes() / sizeof(Index<Entry>::Slot); }
  uint64_t bytes() const noexcept {
    return sizeof(Contents) + kPolicyBytes + entry_bytes_ + index_.bytes() + tags_.bytes() + policy_->bytes();
  }

 private:
  void forget(Entry& entry) noexcept;
  static constexpr uint64_t kPolicyBytes = 256;  // the object of the largest policy, and what the allocator adds

  const std::unique_ptr<Policy> policy_;
  const uint16_t mark_max_;
  Index<Entry> index_;
  Tags tags_;
  uint64_t entry_bytes_ = 0;
  uint64_t mortal_ = 0;  // entries that expire some day: without any, nobody looks for them
};

}  // namespace dormouse::cache_memory
