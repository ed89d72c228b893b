// Plugin cache-memory: type `cache.memory`. README.md tells what a space is, who goes first and how it was measured;
// here is only the translation between the ABI and space.h.
#include <time.h>

#include <atomic>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "dormouse/plugin.hpp"
#include "space.h"
#include "value_packer.h"

namespace {

using namespace dormouse::cache_memory;
using dormouse::Call;
using dormouse::Failure;
using dormouse::View;
using dormouse::Writer;

constexpr size_t kSpaceNameBytesMax = 256;
constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

int64_t now_ns() noexcept {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

std::string_view key_in(View in) {
  const std::string_view key = in["key"].as_string();
  if (!key.empty() && key.size() <= kKeyBytesMax) return key;
  throw Failure(DM_INVALID_ARGUMENT, "field 'key': needed 1 to " + std::to_string(kKeyBytesMax) + " bytes, found " +
                                         std::to_string(key.size()));
}

std::vector<dm_cache_tag> tags_in(View in) {
  std::vector<dm_cache_tag> tags;
  for (const View item : in["tags"].items()) {
    const std::string_view tag = item.as_string();
    if (tag.size() > kTagBytesMax || tags.size() == kTagsMax) {
      throw Failure(DM_INVALID_ARGUMENT, "field 'tags': needed at most " + std::to_string(kTagsMax) + " of at most " +
                                             std::to_string(kTagBytesMax) + " bytes");
    }
    tags.push_back({tag.data(), tag.size()});
  }
  return tags;
}

class MemoryCache {
 public:
  static std::unique_ptr<MemoryCache> open(dormouse::Open& open) {
    return std::unique_ptr<MemoryCache>(new MemoryCache(open.settings()));
  }

  Space& cache_space(Call&, std::string_view name, const dm_cache_limits& limits) const {
    const std::string_view eviction = limits.eviction != nullptr ? limits.eviction : "";
    Space::check(eviction, limits.max_bytes);
    return space({Of::host, name}, eviction, limits.max_bytes, true);
  }

  void trim(Call&) {
    for (Space* each : all_spaces()) each->trim(now_ns());
  }

  void get(Call&, View in, Writer out) const {
    const std::string_view key = key_in(in);
    Space* from = existing_space(in);
    dm_cache_hit hit{};
    uint64_t epoch = 0;
    if (from == nullptr || from->get(key, now_ns(), hit, epoch) != DM_OK) {
      out.map().field("found", false);
      return;
    }
    const PackedValue value = [&] {
      const Pin pin{*from, hit.pin};
      return unpack(hit.value, hit.value_size);
    }();
    dormouse::Map map = out.map();
    map.field("found", true);
    map.field("value").copy(value.root());
  }

  void put(Call&, View in, Writer out) const {
    const std::string_view key = key_in(in);
    const std::vector<dm_cache_tag> tags = tags_in(in);
    const PackedValue value = pack(in["value"].abi());
    const int64_t now = now_ns();
    dm_cache_entry entry{};
    entry.size = sizeof entry;
    entry.key = key.data();
    entry.key_size = key.size();
    entry.value = value.bytes.get();
    entry.value_size = value.size;
    entry.tags = tags.data();
    entry.tag_count = static_cast<uint32_t>(tags.size());
    entry.expires_ns = expiry(in, now);
    Space& into = space({Of::stages, space_name(in)}, options_.eviction, max_bytes_, false);
    out.map().field("kept", into.put_now(entry, now) == DM_OK);
  }

  void remove(Call&, View in, Writer out) const {
    const std::string_view key = key_in(in);
    Space* from = existing_space(in);
    out.map().field("removed", from != nullptr && from->remove(key));
  }

  void purge(Call&, View in, Writer out) const {
    Space* from = existing_space(in);
    const std::string_view text = in["tag"].as_string("");
    const dm_cache_tag tag = {text.data(), text.size()};
    const uint64_t purged = from != nullptr ? from->purge(in["tag"] ? &tag : nullptr) : 0;
    out.map().field("purged", static_cast<int64_t>(purged));
  }

  void stats(Call&, View, Writer out) const {
    dormouse::Map map = out.map();
    dormouse::List list = map.list("spaces");
    const std::lock_guard<std::mutex> guard(mutex_);
    for (const auto& [name, each] : spaces_) write_stats(name, *each, list);
  }

 private:
  // Spaces of the host and of the methods may have the same name and nothing else in common: what the host keeps is not
  // a value that a stage could read.
  enum class Of { host, stages };
  struct SpaceName {
    Of of;
    std::string_view name;
    friend bool operator<(const SpaceName& a, const SpaceName& b) {
      return a.of != b.of ? a.of < b.of : a.name < b.name;
    }
  };
  struct NamedSpace {
    NamedSpace(std::string_view n, const SpaceOptions& options, const HashSecret& secret, std::string_view eviction,
               uint64_t max_bytes)
        : name(n), space(options, secret, eviction, max_bytes) {}
    const std::string name;
    Space space;
  };
  struct Pin {
    Space& space;
    void* pin;
    ~Pin() { space.unpin(pin); }
  };

  explicit MemoryCache(View settings)
      : secret_(HashSecret::draw()),
        max_bytes_(static_cast<uint64_t>(settings["max_bytes"].as_int(64 << 20))),
        max_spaces_(static_cast<size_t>(settings["max_spaces"].as_int(64))),
        ttl_s_(settings["ttl"].as_float(0)),
        jitter_(settings["jitter"].as_float(0.1)),
        random_(secret_.words[0]) {
    options_.eviction = settings["eviction"].as_string("s3-fifo");
    options_.shards = static_cast<uint32_t>(settings["shards"].as_int(0));
    options_.policy.small_share = settings["small_share"].as_float(options_.policy.small_share);
    options_.policy.ghost_share = settings["ghost_share"].as_float(options_.policy.ghost_share);
    options_.policy.promote_hits = static_cast<uint32_t>(settings["promote_hits"].as_int(options_.policy.promote_hits));
    options_.policy.window_share = settings["window_share"].as_float(options_.policy.window_share);
    options_.policy.adaptive = settings["adaptive"].as_bool(options_.policy.adaptive);
  }

  static std::string_view space_name(View in) {
    const std::string_view name = in["space"].as_string("default");
    if (name.size() <= kSpaceNameBytesMax) return name;
    throw Failure(DM_INVALID_ARGUMENT, "field 'space': needed at most " + std::to_string(kSpaceNameBytesMax) +
                                           " bytes, found " + std::to_string(name.size()));
  }

  Space* existing_space(View in) const {
    const std::lock_guard<std::mutex> guard(mutex_);
    const auto found = spaces_.find({Of::stages, space_name(in)});
    return found != spaces_.end() ? &found->second->space : nullptr;
  }

  // The one of that name, made or given other limits if need be.
  Space& space(const SpaceName& name, std::string_view eviction, uint64_t max_bytes, bool set_limits) const {
    std::unique_lock<std::mutex> guard(mutex_);
    const auto found = spaces_.find(name);
    if (found != spaces_.end()) {
      Space& space = found->second->space;
      guard.unlock();  // new limits may evict for a while
      if (set_limits) space.set_limits(eviction, max_bytes);
      return space;
    }
    if (spaces_.size() >= max_spaces_) {
      throw Failure(DM_RESOURCE_EXHAUSTED, "space '" + std::string(name.name) + "' would be one more than " +
                                               std::to_string(max_spaces_) + "; raise the setting max_spaces");
    }
    auto made = std::make_unique<NamedSpace>(name.name, options_, secret_, eviction, max_bytes);
    Space& space = made->space;
    const SpaceName key{name.of, made->name};
    spaces_.emplace(key, std::move(made));
    return space;
  }

  std::vector<Space*> all_spaces() const {
    const std::lock_guard<std::mutex> guard(mutex_);
    std::vector<Space*> all;
    for (const auto& [name, each] : spaces_) all.push_back(&each->space);
    return all;
  }

  int64_t expiry(View in, int64_t now) const {
    const double ttl_s = in["ttl"].as_float(ttl_s_);
    if (ttl_s < 0) throw Failure(DM_INVALID_ARGUMENT, "field 'ttl': needed 0 or more seconds");
    const double ns = ttl_s * (1 - jitter_ * chance()) * 1e9;
    return ttl_s == 0 || ns > 1e18 ? kNever : now + static_cast<int64_t>(ns);
  }

  // From 0 to 1; only for spreading.
  double chance() const noexcept {
    uint64_t x = random_.fetch_add(0x9E3779B97F4A7C15u, std::memory_order_relaxed);
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return static_cast<double>(x >> 11) * 0x1p-53;
  }

  static void write_stats(const SpaceName& name, const NamedSpace& each, dormouse::List& list) {
    dormouse::Map map = list.map();
    dm_cache_stats stats{};
    each.space.stats(stats);
    map.field("name", name.name)
        .field("of", name.of == Of::host ? "host" : "stages")
        .field("eviction", each.space.eviction())
        .field("shards", each.space.shards())
        .field("entries", stats.entries)
        .field("bytes", stats.bytes)
        .field("max_bytes", stats.max_bytes)
        .field("hits", stats.hits)
        .field("misses", stats.misses)
        .field("inserted", stats.inserted)
        .field("evicted", stats.evicted)
        .field("expired", stats.expired)
        .field("refused", stats.refused)
        .field("purged", stats.purged);
  }

  SpaceOptions options_;
  const HashSecret secret_;
  const uint64_t max_bytes_;
  const size_t max_spaces_;
  const double ttl_s_, jitter_;
  mutable std::atomic<uint64_t> random_;
  mutable std::mutex mutex_;                                         // guards the map, not what is in the spaces
  mutable std::map<SpaceName, std::unique_ptr<NamedSpace>> spaces_;  // each lasts until close
};

constexpr dormouse::Type<MemoryCache> memory_type("cache.memory", dormouse::method<&MemoryCache::get>("get"),
                                                  dormouse::method<&MemoryCache::put>("put"),
                                                  dormouse::method<&MemoryCache::remove>("remove"),
                                                  dormouse::method<&MemoryCache::purge>("purge"),
                                                  dormouse::method<&MemoryCache::stats>("stats"));
constexpr dormouse::Plugin plugin("cache-memory", "1.0.0", memory_type);

}  // namespace

constexpr dm_plugin dormouse_plugin = plugin.table();
