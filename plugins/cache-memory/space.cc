#include "space.h"

#include <unistd.h>

#include <algorithm>

#include "dormouse/plugin.hpp"

namespace dormouse::cache_memory {
namespace {

// A smaller shard would refuse values that people do cache; more than four for a processor do not make waiting rarer.
constexpr uint64_t kShardBytesMin = 8 << 20;
constexpr uint32_t kShardsPerProcessor = 4;
constexpr uint32_t kShardsMax = 64;

uint32_t shards_for(const SpaceOptions& options, uint64_t max_bytes) noexcept {
  const auto processors = static_cast<uint32_t>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
  const uint32_t wanted = options.shards != 0 ? options.shards : processors * kShardsPerProcessor;
  const uint64_t bearable =
      options.shards != 0 ? max_bytes / Space::kBytesMin : std::max<uint64_t>(max_bytes / kShardBytesMin, 1);
  return static_cast<uint32_t>(std::min<uint64_t>({wanted, kShardsMax, bearable}));
}

HashedTag hash_tag(const HashSecret& secret, const dm_cache_tag& tag) noexcept {
  const std::string_view text(tag.utf8, tag.size);
  return {text, hash_of(secret, text)};
}

bool tags_are_valid(const dm_cache_entry& entry) noexcept {
  if (entry.tag_count > kTagsMax) return false;
  for (uint32_t i = 0; i < entry.tag_count; ++i)
    if (entry.tags[i].size > kTagBytesMax) return false;
  return true;
}

}  // namespace

void Space::check(std::string_view eviction, uint64_t max_bytes) {
  if (!is_policy(eviction)) {
    throw Failure(DM_INVALID_ARGUMENT, "eviction '" + std::string(eviction.substr(0, 64)) +
                                           "' is none of this store; there are: " + policy_names());
  }
  if (max_bytes < kBytesMin) {
    throw Failure(DM_INVALID_ARGUMENT, "a space of " + std::to_string(max_bytes) + " bytes is too small; needed " +
                                           std::to_string(kBytesMin) + " or more");
  }
}

Space::Space(const SpaceOptions& options, const HashSecret& secret, std::string_view eviction, uint64_t max_bytes)
    : options_(options),
      secret_(secret),
      shard_count_(shards_for(options, max_bytes)),
      shards_(new Shard[shard_count_]),
      max_bytes_(max_bytes),
      eviction_(eviction.empty() ? options.eviction : std::string(eviction)) {
  for (uint32_t i = 0; i < shard_count_; ++i) shards_[i].start(empty_contents(), shard_bytes());
}

std::unique_ptr<Contents> Space::empty_contents() const {
  return std::make_unique<Contents>(make_policy(eviction_, options_.policy));
}

uint64_t Space::shard_bytes() const noexcept {
  return (max_bytes_ - sizeof(Space)) / shard_count_ - sizeof(Shard);
}

int32_t Space::get(std::string_view key, int64_t now_ns, dm_cache_hit& hit, uint64_t& epoch) noexcept {
  const uint64_t hash = hash_of(secret_, key);
  Entry* entry = shard_of(hash).get(key, hash, now_ns, epoch);
  if (entry == nullptr) return DM_NOT_FOUND;
  hit.value = entry->value();
  hit.value_size = entry->value_size;
  hit.expires_ns = entry->expires_ns;
  hit.cost_ns = entry->cost_ns;
  hit.pin = entry;
  return DM_OK;
}

int32_t Space::keep(const dm_cache_entry& from, std::optional<uint64_t> epoch, int64_t now_ns) {
  if (from.key_size == 0 || from.key_size > kKeyBytesMax) return DM_INVALID_ARGUMENT;
  const std::string_view key(static_cast<const char*>(from.key), from.key_size);
  const uint64_t hash = hash_of(secret_, key);
  Shard& shard = shard_of(hash);
  if (!tags_are_valid(from)) {
    shard.refuse(key, hash);
    return DM_INVALID_ARGUMENT;
  }
  HashedTag tags[kTagsMax];
  for (uint32_t i = 0; i < from.tag_count; ++i) tags[i] = hash_tag(secret_, from.tags[i]);
  // What cannot fit is not copied first.
  Entry* entry = from.value_size < std::min<uint64_t>(shard_bytes(), INT32_MAX) ? Entry::make(from, hash) : nullptr;
  if (entry == nullptr) {
    shard.refuse(key, hash);
    return DM_RESOURCE_EXHAUSTED;
  }
  return shard.put(*entry, tags, epoch, now_ns);
}

bool Space::remove(std::string_view key) noexcept {
  const uint64_t hash = hash_of(secret_, key);
  return shard_of(hash).remove(key, hash);
}

uint64_t Space::purge(const dm_cache_tag* tag) {
  const std::lock_guard<std::mutex> guard(maintenance_);
  ++epoch_;
  uint64_t gone = 0;
  if (tag == nullptr) {
    for (uint32_t i = 0; i < shard_count_; ++i) gone += shards_[i].purge(epoch_, empty_contents());
    return gone;
  }
  const HashedTag hashed = hash_tag(secret_, *tag);
  for (uint32_t i = 0; i < shard_count_; ++i) gone += shards_[i].purge(epoch_, hashed);
  return gone;
}

// Waits for a purge that is under way: while it takes entries out, its tag is in no index.
uint64_t Space::count(const dm_cache_tag* tag) const {
  const std::lock_guard<std::mutex> guard(maintenance_);
  uint64_t entries = 0;
  if (tag == nullptr) {
    for (uint32_t i = 0; i < shard_count_; ++i) entries += shards_[i].stats().entries;
    return entries;
  }
  const HashedTag hashed = hash_tag(secret_, *tag);
  for (uint32_t i = 0; i < shard_count_; ++i) entries += shards_[i].count(hashed);
  return entries;
}

void Space::stats(dm_cache_stats& out) const noexcept {
  ShardStats sum;
  for (uint32_t i = 0; i < shard_count_; ++i) {
    const ShardStats one = shards_[i].stats();
    sum.entries += one.entries;
    sum.bytes += one.bytes + sizeof(Shard);
    sum.hits += one.hits;
    sum.misses += one.misses;
    sum.inserted += one.inserted;
    sum.evicted += one.evicted;
    sum.expired += one.expired;
    sum.refused += one.refused;
    sum.purged += one.purged;
  }
  out.entries = sum.entries;
  out.bytes = sum.bytes + sizeof(Space);
  out.hits = sum.hits;
  out.misses = sum.misses;
  out.inserted = sum.inserted;
  out.evicted = sum.evicted;
  out.expired = sum.expired;
  out.refused = sum.refused;
  out.purged = sum.purged;
  out.max_bytes = max_bytes_;
}

void Space::set_limits(std::string_view eviction, uint64_t max_bytes) {
  const std::lock_guard<std::mutex> guard(maintenance_);
  const std::string wanted = eviction.empty() ? options_.eviction : std::string(eviction);
  const bool another = wanted != eviction_;
  if (!another && max_bytes == max_bytes_) return;
  eviction_ = wanted;
  // A space that had many shards when it was larger keeps them; each needs a little.
  max_bytes_ = std::max<uint64_t>(max_bytes, shard_count_ * kBytesMin);
  for (uint32_t i = 0; i < shard_count_; ++i)
    shards_[i].set_limits(shard_bytes(), another ? empty_contents() : nullptr);
}

void Space::trim(int64_t now_ns) noexcept {
  const std::lock_guard<std::mutex> guard(maintenance_);
  for (uint32_t i = 0; i < shard_count_; ++i) shards_[i].trim(now_ns);
}

std::string Space::eviction() const {
  const std::lock_guard<std::mutex> guard(maintenance_);
  return eviction_;
}

}  // namespace dormouse::cache_memory
