// Which entries of a shard have a tag: one list for each tag that any entry has. Owns the tags, not the entries.
// Not synchronised.
#pragma once

#include <cstdint>
#include <string_view>

#include "entry.h"
#include "index.h"

namespace dormouse::cache_memory {

struct Tag {
  uint64_t hash = 0;
  TagLink* first = nullptr;
  uint64_t entries = 0;  // in the list
  uint32_t weight = 0;   // bytes
  uint16_t size = 0;
  bool detached = false;  // being purged: new entries with this tag get another one
  std::string_view text() const noexcept { return {reinterpret_cast<const char*>(this + 1), size}; }
};

struct HashedTag {
  std::string_view text;
  uint64_t hash = 0;
};

class Tags {
 public:
  Tags() = default;
  ~Tags();
  Tags(const Tags&) = delete;
  Tags& operator=(const Tags&) = delete;

  // Enters a new entry in the lists of its tags, whose number is entry.tag_count; a tag that it has twice counts once.
  // Throws std::bad_alloc, and then it is in none.
  void link(Entry& entry, const HashedTag* tags);
  void unlink(Entry& entry) noexcept;
  // Takes the tag out, so that no entry is added to it any more; null: no entry has it. The caller unlinks its entries
  // and then drops it.
  Tag* detach(const HashedTag& tag) noexcept;
  void drop_detached(Tag& tag) noexcept;
  uint64_t entries_with(const HashedTag& tag) noexcept;
  void shrink() noexcept { index_.shrink(); }
  uint64_t bytes() const noexcept { return bytes_ + index_.bytes(); }
  // What linking an entry with that many tags may add to bytes(): the index here, and bytes_max() for each tag.
  uint64_t growth(size_t tags) const noexcept { return index_.is_crowded_by(tags) ? 2 * index_.bytes_to_grow() : 0; }
  static uint64_t bytes_max(const HashedTag& tag) noexcept;

 private:
  Tag& tag_for(const HashedTag& tag);
  void free_tag(Tag& tag) noexcept;
  Index<Tag> index_;
  uint64_t bytes_ = 0;
};

}  // namespace dormouse::cache_memory
