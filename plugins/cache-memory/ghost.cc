#include "ghost.h"

#include <algorithm>
#include <utility>

namespace dormouse::cache_memory {
namespace {

uint32_t fingerprint_of(uint64_t hash) noexcept {
  return std::max<uint32_t>(static_cast<uint32_t>(hash), 1);
}

}  // namespace

Ghost::Slot* Ghost::Table::find(uint64_t hash) const noexcept {
  if (buckets == 0) return nullptr;
  for (Slot& slot : bucket_of(hash).slots)
    if (slot.fingerprint == fingerprint_of(hash)) return &slot;
  return nullptr;
}

void Ghost::add(uint64_t hash, uint32_t limit) noexcept {
  limit_ = limit;
  if (limit == 0) return;
  if (current_.buckets == 0) return;
  ++clock_;
  Slot* into = current_.find(hash);
  if (into == nullptr) {
    Slot* slots = current_.bucket_of(hash).slots;
    into = std::min_element(slots, slots + kWays, [this](const Slot& a, const Slot& b) {
      if ((a.fingerprint == 0) != (b.fingerprint == 0)) return a.fingerprint == 0;
      return clock_ - a.added > clock_ - b.added;
    });
  }
  *into = {fingerprint_of(hash), clock_};
}

bool Ghost::take(uint64_t hash) noexcept {
  for (const Table* table : {&current_, &older_}) {
    Slot* slot = table->find(hash);
    if (slot == nullptr) continue;
    const bool in_time = clock_ - slot->added < limit_;
    slot->fingerprint = 0;
    if (in_time) return true;
  }
  return false;
}

void Ghost::clear() noexcept {
  current_ = {};
  older_ = {};
}

void Ghost::make_room_for(uint32_t limit) noexcept {
  if (older_.buckets != 0 && clock_ - grown_at_ >= limit) older_ = {};
  if (current_.buckets >= buckets_for(limit)) return;
  const size_t buckets = larger(limit);
  auto* memory = static_cast<Bucket*>(std::calloc(buckets, sizeof(Bucket)));
  if (memory == nullptr) return;
  older_ = std::move(current_);
  current_.memory.reset(memory);
  current_.buckets = buckets;
  grown_at_ = clock_;
}

}  // namespace dormouse::cache_memory
