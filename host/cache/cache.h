// One named cache: a stage looks its key up before a call, and gives the result to the cache afterwards. A cache sees
// keys as bytes and results as values; it knows nothing of stages and scripts. The values live in a component, the
// store, behind a CacheSpace (space.h).
// Owner: Caches (caches.h); lives as long. Any thread; it never waits, and holds no lock while plugin code runs.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "base/metrics.h"
#include "cache/flights.h"
#include "cache/policy.h"
#include "cache/space.h"

namespace dormouse {

// Where the result of a stage came from, in traces and metrics. `negative`: a remembered error. `coalesced`: the result
// of another request's flight.
enum class CacheResult : uint8_t { none, hit, negative, miss, coalesced };
std::string_view to_string(CacheResult result);

class Cache {
 public:
  // `failures` keeps remembered errors ("not found"), apart from `values`, so that they cannot push values out. `seed`
  // is for the random spread of lifetimes.
  Cache(std::string name, std::string store, std::unique_ptr<CacheSpace> values, std::unique_ptr<CacheSpace> failures,
        uint64_t seed, Metrics& metrics);

  const std::string& name() const { return name_; }
  const std::string& store() const { return store_; }

  // Sets the bounds of the policy, from now on. The other parts of the policy come with each call.
  void set_limits(const CachePolicy& policy);

  // The token of a miss. keep() needs it, to keep no result that is older than a purge.
  struct Miss {
    uint64_t purges = 0;
    CacheSpace::Epoch values, failures;
  };
  // The result of a look-up: exactly one of a value, a remembered error, or a miss.
  struct Answer {
    CacheResult result = CacheResult::miss;
    Value value;
    Status error;
    Miss miss;
  };
  // Looks a key up. `accepts` says whether a found value has the wanted type; a value that has not counts as a miss.
  Answer look_up(std::string_view key, const CachePolicy& policy, Time now,
                 const std::function<bool(const Value&)>& accepts);
  // Keeps the result of the call that followed a miss, if the policy allows it. `tags` are those of this entry alone.
  void keep(std::string_view key, const CallResult& call, std::span<const std::string> tags, const Miss& miss,
            const CachePolicy& policy, Time now, ValueWriter& writer);
  // Counts a miss that got the result of another request's flight.
  void count_coalesced() { coalesced_.add(); }

  // Whether the store is in memory, so that something can be found. Costs the reading of one word.
  bool is_in_memory() const { return values_->is_in_memory(); }

  // Removes the entries with `tag`; null: all. Results of calls that are under way are not kept. Returns how many
  // entries were removed.
  Result<uint64_t> purge(const std::string* tag);
  // How many entries that purge would remove now. nullopt: the store does not count the entries of a tag.
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
  std::atomic<uint64_t> purges_{0};  // counted before the spaces are purged
  std::atomic<uint64_t> random_;     // state of the spreading of lifetimes
  Flights flights_;
  Counter &hits_, &negatives_, &misses_, &coalesced_, &not_kept_;
};

}  // namespace dormouse
