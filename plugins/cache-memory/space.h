// One space of dormouse.cache/1: shards, each for a part of the hashes. What the functions promise is written in
// dormouse/ext/cache.h. Callable from any thread, several at a time; purges, limits and trims wait for each other.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "dormouse/ext/cache.h"
#include "hash.h"
#include "policy.h"
#include "shard.h"

namespace dormouse::cache_memory {

struct SpaceOptions {
  PolicyOptions policy;
  std::string eviction = "s3-fifo";  // of spaces whose opener has no wish
  uint32_t shards = 0;               // 0: as many as the bytes and the processors are worth
};

class Space {
 public:
  static constexpr uint64_t kBytesMin = 8 << 10;

  // `eviction` is a policy or "", `max_bytes` at least kBytesMin: check() was asked.
  Space(const SpaceOptions& options, const HashSecret& secret, std::string_view eviction, uint64_t max_bytes);
  // Throws Failure(invalid_argument) with what is offered.
  static void check(std::string_view eviction, uint64_t max_bytes);

  int32_t get(std::string_view key, int64_t now_ns, dm_cache_hit& hit, uint64_t& epoch) noexcept;
  void unpin(void* pin) noexcept { Entry::release(static_cast<Entry*>(pin)); }
  int32_t put(const dm_cache_entry& entry, int64_t now_ns) { return keep(entry, entry.epoch, now_ns); }
  // Of whatever epoch is current.
  int32_t put_now(const dm_cache_entry& entry, int64_t now_ns) { return keep(entry, std::nullopt, now_ns); }
  bool remove(std::string_view key) noexcept;
  uint64_t purge(const dm_cache_tag* tag);
  uint64_t count(const dm_cache_tag* tag) const;
  void stats(dm_cache_stats& stats) const noexcept;

  void set_limits(std::string_view eviction, uint64_t max_bytes);
  void trim(int64_t now_ns) noexcept;
  std::string eviction() const;
  uint32_t shards() const noexcept { return shard_count_; }

 private:
  int32_t keep(const dm_cache_entry& entry, std::optional<uint64_t> epoch, int64_t now_ns);
  Shard& shard_of(uint64_t hash) const noexcept { return shards_[((hash >> 32) * shard_count_) >> 32]; }
  std::unique_ptr<Contents> empty_contents() const;
  uint64_t shard_bytes() const noexcept;  // what one may have

  const SpaceOptions options_;
  const HashSecret secret_;
  const uint32_t shard_count_;
  const std::unique_ptr<Shard[]> shards_;
  std::atomic<uint64_t> max_bytes_;
  mutable std::mutex maintenance_;  // guards the two below, and changes of the above; never held by get and put
  std::string eviction_;
  uint64_t epoch_ = 1;
};

}  // namespace dormouse::cache_memory
