#include "shard.h"

#include <algorithm>
#include <limits>
#include <new>

namespace dormouse::cache_memory {
namespace {

// How much is done under the lock at once: some microseconds.
constexpr int kTakenOutAtOnce = 32;
constexpr int kStepsAtOnce = 128;
constexpr int kSweptByPut = 8;
constexpr int kSweptByTrim = 256;

}  // namespace

void Shard::start(std::unique_ptr<Contents> contents, uint64_t bytes_max) {
  contents_ = std::move(contents);
  bytes_max_ = bytes_max;
}

Entry* Shard::get(std::string_view key, uint64_t hash, int64_t now_ns, uint64_t& epoch) noexcept {
  Leavers leavers;
  const Held held(lock_);
  epoch = epoch_;
  Entry* entry = contents_->find(key, hash);
  if (entry == nullptr) {
    ++counted_.misses;
    return nullptr;
  }
  if (entry->expires_ns <= now_ns) {
    ++counted_.misses;
    ++counted_.expired;
    contents_->take_out(*entry);
    leavers.add(*entry);
    return nullptr;
  }
  ++counted_.hits;
  contents_->use(*entry);
  entry->pin();
  return entry;
}

int32_t Shard::put(Entry& entry, const HashedTag* tags, std::optional<uint64_t> epoch, int64_t now_ns) noexcept {
  for (;;) {
    Leavers leavers;
    const Held held(lock_);
    std::optional<int32_t> status;
    try {
      status = try_to_put(entry, tags, epoch, now_ns, leavers);
    } catch (const std::bad_alloc&) {
      status = DM_RESOURCE_EXHAUSTED;
    }
    if (!status) continue;
    if (*status == DM_OK) {
      ++counted_.inserted;
    } else {
      ++counted_.refused;
      leavers.add(entry);
    }
    return *status;
  }
}

// No status: some were evicted, and more have to be; the lock is given back in between.
std::optional<int32_t> Shard::try_to_put(Entry& entry, const HashedTag* tags, std::optional<uint64_t> epoch,
                                         int64_t now_ns, Leavers& leavers) {
  // Here and not only at the first try, as somebody else may have put the key meanwhile.
  if (Entry* older = contents_->find(entry.key(), entry.hash)) {
    entry.segment = older->segment;
    entry.frequency = older->frequency;
    contents_->take_out(*older);
    leavers.add(*older);
  }
  if (epoch && *epoch != epoch_) return DM_CANCELLED;
  if (entry.weight > entry_bytes_max()) return DM_RESOURCE_EXHAUSTED;
  drop_expired(kSweptByPut, now_ns, leavers);
  for (int i = 0; !contents_->has_room_for(entry, tags, bytes_max_); ++i) {
    if (i == kTakenOutAtOnce) return std::nullopt;
    if (contents_->entries() == 0) return DM_RESOURCE_EXHAUSTED;
    if (!evict_some(entry.weight, leavers)) return std::nullopt;
  }
  contents_->enter(entry, tags);
  return DM_OK;
}

// One; false: the steps were used up.
bool Shard::evict_some(uint32_t incoming, Leavers& leavers) noexcept {
  int steps = kStepsAtOnce;
  Entry* victim = contents_->evict(incoming, steps);
  if (victim == nullptr) return false;
  ++counted_.evicted;
  leavers.add(*victim);
  return true;
}

void Shard::drop_expired(int slots, int64_t now_ns, Leavers& leavers) noexcept {
  while (Entry* entry = contents_->find_expired(slots, now_ns)) {
    ++counted_.expired;
    contents_->take_out(*entry);
    leavers.add(*entry);
  }
}

bool Shard::remove(std::string_view key, uint64_t hash) noexcept {
  Leavers leavers;
  const Held held(lock_);
  Entry* entry = contents_->find(key, hash);
  if (entry == nullptr) return false;
  contents_->take_out(*entry);
  leavers.add(*entry);
  return true;
}

void Shard::refuse(std::string_view key, uint64_t hash) noexcept {
  remove(key, hash);
  const Held held(lock_);
  ++counted_.refused;
}

uint64_t Shard::purge(uint64_t epoch, std::unique_ptr<Contents> fresh) noexcept {
  uint64_t gone = 0;
  {
    const Held held(lock_);
    epoch_ = epoch;
    std::swap(contents_, fresh);
    gone = fresh->entries();
    counted_.purged += gone;
  }
  return gone;  // the old ones are freed here, where nobody waits for it but the caller
}

uint64_t Shard::purge(uint64_t epoch, const HashedTag& wanted) noexcept {
  Tag* tag = nullptr;
  {
    const Held held(lock_);
    epoch_ = epoch;
    tag = contents_->detach(wanted);
  }
  for (uint64_t gone = 0;;) {
    if (tag == nullptr) return gone;
    Leavers leavers;
    const Held held(lock_);
    for (int i = 0; i < kTakenOutAtOnce && tag->first != nullptr; ++i, ++gone) {
      Entry& entry = *tag->first->entry;
      contents_->take_out(entry);
      leavers.add(entry);
      ++counted_.purged;
    }
    if (tag->first == nullptr) contents_->drop_detached(*std::exchange(tag, nullptr));
  }
}

uint64_t Shard::count(const HashedTag& tag) noexcept {
  const Held held(lock_);
  return contents_->entries_with(tag);
}

void Shard::set_limits(uint64_t bytes_max, std::unique_ptr<Contents> fresh) noexcept {
  {
    const Held held(lock_);
    bytes_max_ = bytes_max;
    if (fresh != nullptr) std::swap(contents_, fresh);
  }
  for (;;) {
    Leavers leavers;
    const Held held(lock_);
    for (int i = 0; i < kTakenOutAtOnce && contents_->bytes() > bytes_max_ && contents_->entries() > 0; ++i)
      evict_some(0, leavers);
    if (contents_->bytes() <= bytes_max_) return;
    // What holds the entries is itself too large for the new bound.
    if (contents_->entries() * 4 <= contents_->slots()) contents_->shrink();
    if (contents_->entries() == 0) return;
  }
}

void Shard::trim(int64_t now_ns) noexcept {
  size_t left = 0;
  {
    const Held held(lock_);
    contents_->shrink();  // first of all, so that no entry is on its way from one table to another
    left = contents_->slots();
  }
  for (; left > 0; left -= std::min<size_t>(left, kSweptByTrim)) {
    Leavers leavers;
    const Held held(lock_);
    drop_expired(kSweptByTrim, now_ns, leavers);
  }
  const Held held(lock_);
  contents_->shrink();
}

ShardStats Shard::stats() noexcept {
  const Held held(lock_);
  ShardStats stats = counted_;
  stats.entries = contents_->entries();
  stats.bytes = contents_->bytes();
  return stats;
}

}  // namespace dormouse::cache_memory
