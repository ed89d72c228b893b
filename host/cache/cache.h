// One named cache: what stages ask before they call, and tell afterwards. It knows keys as bytes and results as values;
// it knows nothing of stages, scripts and what its component does to keep a value.
// Lives as long as its Caches. Any thread; takes no lock around plugin code and never waits.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/metrics.h"
#include "cache/flights.h"
#include "cache/policy.h"
#include "cache/space.h"

namespace dormouse {

// How a stage came to its result, as traces and metrics tell it.
enum class CacheResult : uint8_t { none, hit, negative, miss, coalesced };
std::string_view to_string(CacheResult result);

class Cache {
 public:
  // `failures` keeps what was not found, apart from values, so that misses cannot push those out.
  Cache(std::string name, std::string store, std::unique_ptr<CacheSpace> values, std::unique_ptr<CacheSpace> failures,
        uint64_t seed, Metrics& metrics);

  const std::string& name() const { return name_; }
  const std::string& store() const { return store_; }

  // In force from now on; the bounds only, everything else comes with each call.
  void set_limits(const CachePolicy& policy);

  // What a miss leaves for the result that follows it.
  struct Miss {
    uint64_t purges = 0;
    CacheSpace::Epoch values, failures;
  };
  // Exactly one of: a value, an error that is remembered, or a miss.
  struct Answer {
    CacheResult result = CacheResult::miss;
    Value value;
    Status error;
    Miss miss;
  };
  // `accepts` tells whether a value found is of the type that is wanted; one that is not is a miss.
  Answer look_up(std::string_view key, const CachePolicy& policy, Time now,
                 const std::function<bool(const Value&)>& accepts);
  // Keeps what came of a miss, as far as the policy wants it. `tags` are those of this entry alone.
  void keep(std::string_view key, const CallResult& call, std::span<const std::string> tags, const Miss& miss,
            const CachePolicy& policy, Time now, ValueWriter& writer);
  // For a miss that became somebody else's result.
  void count_coalesced() { coalesced_.add(); }

  // Whether anything can be found at all. Costs a load of one word.
  bool is_in_memory() const { return values_->is_in_memory(); }

  // Forgets entries with that tag, or with null everything. What is on its way meanwhile is not kept. How many went.
  Result<uint64_t> purge(const std::string* tag);
  // How many entries that purge would forget now. nullopt: the component does not count those of a tag.
  Result<std::optional<uint64_t>> count(const std::string* tag) const;

  Flights& flights() { return flights_; }

  struct Numbers {
    uint64_t hits = 0, negatives = 0, misses = 0, coalesced = 0, not_kept = 0, purges = 0;
    size_t in_flight = 0;
    std::optional<CacheNumbers> values, failures;  // none: the component is not in memory
    Status problem;                                // why the component cannot serve as this cache
  };
  Numbers numbers() const;

 private:
  bool put(CacheSpace& space, const CacheSpace::Entry& entry, CacheSpace::Epoch since, uint64_t purges, Time now);
  Duration spread(Duration ttl, double jitter);

  const std::string name_, store_;
  const std::unique_ptr<CacheSpace> values_, failures_;
  std::atomic<uint64_t> purges_{0};  // moves before the spaces are told
  std::atomic<uint64_t> random_;     // state of the spreading of lifetimes
  Flights flights_;
  Counter &hits_, &negatives_, &misses_, &coalesced_, &not_kept_;
};

}  // namespace dormouse
