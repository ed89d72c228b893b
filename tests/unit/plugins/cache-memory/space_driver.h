// A space with keys, values and tags that are strings: what the host does through the function table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "space.h"

namespace dormouse::cache_memory {

constexpr int64_t kNever = INT64_MAX;

struct SpaceDriver {
  explicit SpaceDriver(uint64_t max_bytes, const char* eviction = "s3-fifo", uint32_t shards = 1)
      : space(options(shards), {{0x8F1D3B5A79C2E461u, 0x3C6EF372FE94F82Bu, 0xA54FF53A5F1D36F1u, 0x510E527FADE682D1u}},
              eviction, max_bytes) {}
  static SpaceOptions options(uint32_t shards) {
    SpaceOptions options;
    options.shards = shards;
    return options;
  }

  std::optional<std::string> get(const std::string& key, int64_t now = 0) {
    dm_cache_hit hit{};
    if (space.get(key, now, hit, epoch) != DM_OK) return std::nullopt;
    std::string value(static_cast<const char*>(hit.value), hit.value_size);
    space.unpin(hit.pin);
    return value;
  }
  int32_t put(const std::string& key, const std::string& value, std::vector<std::string> tags = {},
              int64_t expires = kNever, int64_t now = 0, std::optional<uint64_t> of_epoch = {}) {
    std::vector<dm_cache_tag> views;
    for (const std::string& tag : tags) views.push_back({tag.data(), tag.size()});
    dm_cache_entry entry{};
    entry.size = sizeof entry;
    entry.key = key.data();
    entry.key_size = key.size();
    entry.value = value.data();
    entry.value_size = value.size();
    entry.tags = views.data();
    entry.tag_count = static_cast<uint32_t>(views.size());
    entry.expires_ns = expires;
    if (!of_epoch) get_epoch(key);
    entry.epoch = of_epoch.value_or(epoch);
    return space.put(entry, now);
  }
  void get_epoch(const std::string& key) {
    dm_cache_hit hit{};
    if (space.get(key, INT64_MIN + 1, hit, epoch) == DM_OK) space.unpin(hit.pin);
  }
  uint64_t purge(const std::string& tag) {
    const dm_cache_tag view{tag.data(), tag.size()};
    return space.purge(&view);
  }
  uint64_t count(const std::string& tag) const {
    const dm_cache_tag view{tag.data(), tag.size()};
    return space.count(&view);
  }
  uint64_t count() const { return space.count(nullptr); }
  uint64_t purge() { return space.purge(nullptr); }
  dm_cache_stats stats() const {
    dm_cache_stats stats{};
    space.stats(stats);
    return stats;
  }

  Space space;
  uint64_t epoch = 0;
};

}  // namespace dormouse::cache_memory
