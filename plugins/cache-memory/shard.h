// A part of a space with a lock of its own, held for one look-up or some tens of evictions at a time; memory is taken
// and given back outside of it. Callable from any thread, several at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "contents.h"
#include "short_lock.h"

namespace dormouse::cache_memory {

struct ShardStats {
  uint64_t entries = 0, bytes = 0;
  uint64_t hits = 0, misses = 0, inserted = 0, evicted = 0, expired = 0, refused = 0, purged = 0;
};

class alignas(64) Shard {
 public:
  Shard() = default;
  // Before anything else. `bytes_max` is what bytes() may be.
  void start(std::unique_ptr<Contents> contents, uint64_t bytes_max);

  // The entry, pinned, or null. `epoch` is set in any case.
  Entry* get(std::string_view key, uint64_t hash, int64_t now_ns, uint64_t& epoch) noexcept;
  // Takes the entry in any case. Without an epoch it is of the current one.
  // Statuses: cancelled (of an old epoch), resource_exhausted. After them an older entry of the key is gone as well.
  int32_t put(Entry& entry, const HashedTag* tags, std::optional<uint64_t> epoch, int64_t now_ns) noexcept;
  // Whether it was there.
  bool remove(std::string_view key, uint64_t hash) noexcept;
  // For a put that was refused before it came here.
  void refuse(std::string_view key, uint64_t hash) noexcept;

  // These four and trim() are never called two at a time.
  // How many went. `fresh` takes the place of the contents.
  uint64_t purge(uint64_t epoch, std::unique_ptr<Contents> fresh) noexcept;
  uint64_t purge(uint64_t epoch, const HashedTag& tag) noexcept;
  uint64_t count(const HashedTag& tag) noexcept;
  void set_limits(uint64_t bytes_max, std::unique_ptr<Contents> fresh_or_null) noexcept;
  void trim(int64_t now_ns) noexcept;
  ShardStats stats() noexcept;

 private:
  uint64_t entry_bytes_max() const noexcept { return bytes_max_ / 2; }
  void drop_expired(int slots, int64_t now_ns, Leavers& leavers) noexcept;
  bool evict_some(uint32_t incoming, Leavers& leavers) noexcept;
  std::optional<int32_t> try_to_put(Entry& entry, const HashedTag* tags, std::optional<uint64_t> epoch, int64_t now_ns,
                                    Leavers& leavers);

  ShortLock lock_;
  uint64_t epoch_ = 1;
  std::unique_ptr<Contents> contents_;
  uint64_t bytes_max_ = 0;
  ShardStats counted_;
};

}  // namespace dormouse::cache_memory
