// From hashes to items: open addressing with linear probing, 16 bytes a slot. Owns no items. Growing moves a few items
// with each insertion, since the lock of the shard is held meanwhile. Not synchronised.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

namespace dormouse::cache_memory {

template <class Item>
class Index {
 public:
  struct Slot {
    uint32_t hash;
    uint32_t expires;  // the caller's unit, for sweep(); kNever: never
    Item* item;        // null: empty
  };
  static constexpr uint32_t kNever = UINT32_MAX;

  Index() = default;
  ~Index() {
    std::free(now_.slots);
    std::free(old_.slots);
  }
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  size_t size() const noexcept { return now_.count + old_.count; }
  uint64_t bytes() const noexcept { return (now_.size + old_.size) * sizeof(Slot); }

  // The slot of the item for which same(item) holds, or null. Valid until the next insertion or erasure.
  template <class Same>
  Slot* find(uint64_t hash, Same&& same) noexcept {
    if (Slot* slot = now_.find(static_cast<uint32_t>(hash), same)) return slot;
    return old_.size != 0 ? old_.find(static_cast<uint32_t>(hash), same) : nullptr;
  }

  // Whether one more fits without more memory; and within a bound on bytes() where more memory would be better.
  bool is_crowded() const noexcept { return is_crowded_by(1); }
  bool is_crowded_by(size_t more) const noexcept { return more > 0 && size() + more > now_.size / 4 * 3; }
  bool is_full() const noexcept { return size() + 1 > now_.size / 16 * 15; }
  uint64_t bytes_to_grow() const noexcept { return larger_size() * sizeof(Slot); }
  // Throws std::bad_alloc and then has done nothing.
  void grow() {
    while (old_.size != 0) move_some();
    Table larger = make(larger_size());
    old_ = std::exchange(now_, larger);
    moved_ = 0;
    if (old_.count == 0) drop_old();
  }

  // Of an item that is not in yet, when it is not full.
  void insert(uint64_t hash, uint32_t expires, Item& item) noexcept {
    if (old_.size != 0) move_some();
    now_.insert({static_cast<uint32_t>(hash), expires, &item});
  }

  void erase(Slot& slot) noexcept {
    if (&slot >= now_.slots && &slot < now_.slots + now_.size) {
      now_.erase(slot);
      return;
    }
    slot.item = gone();  // nothing is inserted there any more, so a mark will do
    --old_.count;
  }

  // Looks at `slots` slots, going round, for one that expires before `now`. Null: none there.
  Slot* sweep(int& slots, uint32_t now) noexcept {
    for (; slots > 0 && now_.size > 0; --slots, ++swept_) {
      if (swept_ >= now_.size) swept_ = 0;
      Slot& slot = now_.slots[swept_];
      if (slot.item != nullptr && slot.expires < now) return &slot;
    }
    return nullptr;
  }

  // As small as it can be; the caller lets nobody wait.
  void shrink() noexcept {
    while (old_.size != 0) move_some();
    const size_t size = size_for(now_.count);
    if (size >= now_.size) return;
    Table smaller{static_cast<Slot*>(size ? std::calloc(size, sizeof(Slot)) : nullptr), size, 0};
    if (size != 0 && smaller.slots == nullptr) return;
    now_.for_each([&](Slot& slot) { smaller.insert(slot); });
    std::free(now_.slots);
    now_ = smaller;
  }

  template <class Visit>
  void for_each(Visit&& visit) {
    for (Table* table : {&now_, &old_}) table->for_each([&](Slot& slot) { visit(*slot.item); });
  }

 private:
  static constexpr size_t kFirst = 16;
  static constexpr int kMovedAtOnce = 8;  // the old table is empty when the new one is not half as full as it may get

  static Item* gone() noexcept { return reinterpret_cast<Item*>(alignof(void*)); }
  static size_t size_for(size_t items) noexcept { return items == 0 ? 0 : items + items / 3 + kFirst; }
  size_t larger_size() const noexcept { return now_.size == 0 ? kFirst : now_.size + now_.size / 2; }

  struct Table {
    Slot* slots = nullptr;
    size_t size = 0;
    size_t count = 0;

    size_t home(uint32_t hash) const noexcept { return (uint64_t{hash} * size) >> 32; }
    size_t after(size_t at) const noexcept { return at + 1 == size ? 0 : at + 1; }

    template <class Same>
    Slot* find(uint32_t hash, Same& same) noexcept {
      if (count == 0) return nullptr;
      for (size_t at = home(hash); slots[at].item != nullptr; at = after(at)) {
        Slot& slot = slots[at];
        if (slot.hash == hash && slot.item != gone() && same(*slot.item)) return &slot;
      }
      return nullptr;
    }
    void insert(Slot slot) noexcept {
      size_t at = home(slot.hash);
      while (slots[at].item != nullptr) at = after(at);
      slots[at] = slot;
      ++count;
    }
    // Closes the gap, so that no search ends early in it.
    void erase(Slot& slot) noexcept {
      auto gap = static_cast<size_t>(&slot - slots);
      for (size_t at = after(gap); slots[at].item != nullptr; at = after(at)) {
        const size_t from_home = (at + size - home(slots[at].hash)) % size, from_gap = (at + size - gap) % size;
        if (from_home < from_gap) continue;
        slots[gap] = slots[at];
        gap = at;
      }
      slots[gap].item = nullptr;
      --count;
    }
    template <class Visit>
    void for_each(Visit&& visit) {
      for (size_t at = 0; at < size; ++at)
        if (slots[at].item != nullptr && slots[at].item != gone()) visit(slots[at]);
    }
  };

  static Table make(size_t size) {
    auto* slots = static_cast<Slot*>(std::calloc(size, sizeof(Slot)));
    if (slots == nullptr) throw std::bad_alloc();
    return {slots, size, 0};
  }

  void move_some() noexcept {
    for (int i = 0; i < kMovedAtOnce && moved_ < old_.size; ++i, ++moved_) {
      Slot& slot = old_.slots[moved_];
      if (slot.item == nullptr || slot.item == gone()) continue;
      now_.insert(slot);
      slot.item = gone();
      --old_.count;
    }
    if (moved_ == old_.size || old_.count == 0) drop_old();
  }
  void drop_old() noexcept {
    std::free(old_.slots);
    old_ = {};
  }

  Table now_;
  Table old_;         // the smaller one before, until all of it was moved
  size_t moved_ = 0;  // slots of old_
  size_t swept_ = 0;  // slots of now_
};

}  // namespace dormouse::cache_memory
