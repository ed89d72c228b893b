// One space of a cache component as this box uses it: the seam between a cache and the component that keeps its values.
// Two implementations: a component's (component_space.h), and a map in tests.
// Any thread; never waits: a component that is not in memory has nothing, and is asked to come.
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

  // In force at once in a component that is in memory, else when it is loaded. May evict for a while: not on a reactor.
  virtual void set_limits(const CacheLimits& limits) = 0;

  // Where and when a key was looked for; with it alone a put goes where no purge has come between.
  struct Epoch {
    uint64_t load = 0;  // of the component; 0: it was not in memory
    uint64_t epoch = 0;
  };
  struct Found {
    Value value;  // none: nothing found
    Epoch epoch;
  };
  virtual Found get(std::string_view key, Time now) = 0;

  struct Entry {
    std::string_view key;
    const Value& value;  // a root
    std::span<const std::string> tags;
    Time expires = Time::max();
    Duration cost{};
  };
  // Keeps it unless a purge came after `since`.
  enum class Put : uint8_t {
    kept,
    refused,     // by the component: too large, not worth it, older than a purge
    other_load,  // `since` is of another load than this one, or there is none now: ask again with a new epoch
  };
  virtual Put put(const Entry& entry, Epoch since, Time now) = 0;

  // How many entries went; `tag` null: all. A component that is not in memory has none; one that cannot be asked at
  // this moment forgets everything before it answers again.
  virtual Result<uint64_t> purge(const std::string* tag) = 0;

  // How many entries a purge would forget now. nullopt: the component does not count those of a tag.
  virtual Result<std::optional<uint64_t>> count(const std::string* tag) const = 0;

  virtual bool is_in_memory() const = 0;

  // nullopt: not in memory. An operator's look: it loads nothing and resets no idle clock.
  virtual std::optional<CacheNumbers> numbers() = 0;
  // Why the component cannot serve as a cache, as far as is known.
  virtual Status problem() const = 0;
};

}  // namespace dormouse
