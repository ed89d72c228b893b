#include "tags.h"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace dormouse::cache_memory {

Tags::~Tags() {
  index_.for_each([this](Tag& tag) { free_tag(tag); });
}

uint64_t Tags::bytes_max(const HashedTag& tag) noexcept {
  return sizeof(Tag) + tag.text.size() + 32;  // the allocator's header, and the sizes it knows
}

void Tags::link(Entry& entry, const HashedTag* tags) {
  for (int i = 0; i < entry.tag_count; ++i) {
    TagLink& link = entry.links()[i];
    try {
      link.tag = &tag_for(tags[i]);
    } catch (...) {
      unlink(entry);
      throw;
    }
    const auto is_same = [&](const TagLink& other) { return other.tag == link.tag; };
    if (std::any_of(entry.links(), &link, is_same)) {
      link.tag = nullptr;
      continue;
    }
    ++link.tag->entries;
    link.entry = &entry;
    link.previous = nullptr;
    link.next = link.tag->first;
    if (link.next != nullptr) link.next->previous = &link;
    link.tag->first = &link;
  }
}

void Tags::unlink(Entry& entry) noexcept {
  for (int i = 0; i < entry.tag_count; ++i) {
    TagLink& link = entry.links()[i];
    Tag* tag = std::exchange(link.tag, nullptr);
    if (tag == nullptr) continue;
    (link.previous ? link.previous->next : tag->first) = link.next;
    if (link.next != nullptr) link.next->previous = link.previous;
    --tag->entries;
    if (tag->first != nullptr || tag->detached) continue;
    index_.erase(*index_.find(tag->hash, [&](const Tag& other) { return &other == tag; }));
    free_tag(*tag);
  }
}

Tag* Tags::detach(const HashedTag& wanted) noexcept {
  auto* slot = index_.find(wanted.hash, [&](const Tag& tag) { return tag.text() == wanted.text; });
  if (slot == nullptr) return nullptr;
  Tag* tag = slot->item;
  index_.erase(*slot);
  tag->detached = true;
  return tag;
}

void Tags::drop_detached(Tag& tag) noexcept {
  free_tag(tag);
}

uint64_t Tags::entries_with(const HashedTag& wanted) noexcept {
  auto* slot = index_.find(wanted.hash, [&](const Tag& tag) { return tag.text() == wanted.text; });
  return slot != nullptr ? slot->item->entries : 0;
}

Tag& Tags::tag_for(const HashedTag& wanted) {
  if (auto* slot = index_.find(wanted.hash, [&](const Tag& tag) { return tag.text() == wanted.text; }))
    return *slot->item;
  if (index_.is_crowded()) index_.grow();
  void* memory = std::malloc(sizeof(Tag) + wanted.text.size());
  if (memory == nullptr) throw std::bad_alloc();
  auto* tag = new (memory) Tag;
  tag->hash = wanted.hash;
  tag->weight = static_cast<uint32_t>(malloc_usable_size(memory) + sizeof(void*));
  tag->size = static_cast<uint16_t>(wanted.text.size());
  std::memcpy(tag + 1, wanted.text.data(), wanted.text.size());
  bytes_ += tag->weight;
  index_.insert(wanted.hash, Index<Tag>::kNever, *tag);
  return *tag;
}

void Tags::free_tag(Tag& tag) noexcept {
  bytes_ -= tag.weight;
  std::destroy_at(&tag);
  std::free(static_cast<void*>(&tag));
}

}  // namespace dormouse::cache_memory
