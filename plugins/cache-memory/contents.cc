#include "contents.h"

#include <algorithm>
#include <limits>

namespace dormouse::cache_memory {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
constexpr int kExpiryShift = 27;  // the index knows when to the next 134 ms; 32 bits of that last for 18 years

uint32_t coarse(int64_t ns) noexcept {
  if (ns == kNever) return Index<Entry>::kNever;
  return static_cast<uint32_t>(std::clamp<int64_t>(ns >> kExpiryShift, 0, Index<Entry>::kNever - 1));
}

}  // namespace

Contents::Contents(std::unique_ptr<Policy> policy) noexcept
    : policy_(std::move(policy)), mark_max_(policy_->mark_max()) {}

Contents::~Contents() {
  index_.for_each([](Entry& entry) { Entry::release(&entry); });
}

bool Contents::has_room_for(const Entry& entry, const HashedTag* tags, uint64_t bytes_max) {
  uint64_t needed = bytes() + policy_->growth() + entry.weight;
  for (int i = 0; i < entry.tag_count; ++i) needed += Tags::bytes_max(tags[i]);
  needed += tags_.growth(entry.tag_count);
  if (needed > bytes_max) return false;
  if (!index_.is_crowded()) return true;
  // Larger if the bytes allow; else a little crowded; else somebody has to go.
  if (needed + index_.bytes_to_grow() > bytes_max) return !index_.is_full();
  index_.grow();
  return true;
}

void Contents::enter(Entry& entry, const HashedTag* tags) {
  tags_.link(entry, tags);
  try {
    policy_->insert(entry);
  } catch (...) {
    tags_.unlink(entry);
    throw;
  }
  index_.insert(entry.hash, coarse(entry.expires_ns), entry);
  entry_bytes_ += entry.weight;
  mortal_ += entry.expires_ns != kNever;
}

void Contents::take_out(Entry& entry) noexcept {
  policy_->remove(entry);
  forget(entry);
}

// All but the policy.
void Contents::forget(Entry& entry) noexcept {
  tags_.unlink(entry);
  index_.erase(*index_.find(entry.hash, [&](const Entry& other) { return &other == &entry; }));
  entry_bytes_ -= entry.weight;
  mortal_ -= entry.expires_ns != kNever;
}

Entry* Contents::evict(uint32_t incoming, int& steps) noexcept {
  auto* entry = static_cast<Entry*>(policy_->evict(incoming, steps));
  if (entry != nullptr) forget(*entry);
  return entry;
}

Entry* Contents::find_expired(int& slots, int64_t now_ns) noexcept {
  if (mortal_ == 0) return nullptr;
  auto* slot = index_.sweep(slots, coarse(now_ns));
  return slot != nullptr ? slot->item : nullptr;
}

void Contents::shrink() noexcept {
  index_.shrink();
  tags_.shrink();
  policy_->trim();
}

}  // namespace dormouse::cache_memory
