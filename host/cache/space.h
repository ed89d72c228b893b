// One space of a cache component: the interface between a cache and the component that keeps its values, the store. Two
// implementations: component_space.h, and a map in tests. Lifetimes, tags and keys are the cache's; the store only
// keeps them. Owner: the Cache. Any thread; no function waits. While the store is not in memory, a space finds nothing,
// and demands the load of the store.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"
#include "components/cache_call.h"
#include "values/value.h"

namespace dormouse {

class CacheSpace {
 public:
  virtual ~CacheSpace() = default;

  // Sets the limits: at once if the store is in memory, else at its next load. May evict entries for a while, so not on
  // a reactor.
  virtual void set_limits(const CacheLimits& limits) = 0;

  // When a key was looked up: the load of the store, and the number of its purges. With it, put() keeps no value that
  // is older than a purge.
  struct Epoch {
    uint64_t load = 0;  // number of the store's load; 0: it was not in memory
    uint64_t epoch = 0;
  };
  struct Found {
    Value value;  // none: nothing found
    Epoch epoch;
  };
  virtual Found get(std::string_view key, Time now) = 0;

  struct Entry {
    std::string_view key;
    const Value& value;  // a whole buffer (Value::is_root)
    std::span<const std::string> tags;
    Time expires = Time::max();
    Duration cost{};
  };
  // Keeps an entry, unless a purge came after `since`.
  enum class Put : uint8_t {
    kept,
    refused,     // by the store: too large, not worth it, older than a purge
    other_load,  // `since` belongs to another load, or the store is not in memory: look up again for a new epoch
  };
  virtual Put put(const Entry& entry, Epoch since, Time now) = 0;

  // Removes the entries with `tag` (null: all); returns how many. A store that is not in memory has none. If the store
  // cannot be asked at this moment, all its entries are removed before the next look-up.
  virtual Result<uint64_t> purge(const std::string* tag) = 0;

  // How many entries a purge would remove now. nullopt: the store does not count the entries of a tag.
  virtual Result<std::optional<uint64_t>> count(const std::string* tag) const = 0;

  virtual bool is_in_memory() const = 0;

  // nullopt: the store is not in memory. For operators: it loads nothing and resets no idle clock.
  virtual std::optional<CacheNumbers> numbers() = 0;
  // Why the store cannot serve as a cache; ok: no reason is known.
  virtual Status problem() const = 0;
};

}  // namespace dormouse
