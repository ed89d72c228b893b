// The policy of one cache, from `dm.cache` in the scripts. Data; owned by the generation of these scripts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "components/cache_call.h"

namespace dormouse {

struct CachePolicy {
  std::string name;
  std::string store;  // the component that keeps the values: `tiers`
  CacheLimits limits{.max_bytes = uint64_t{64} << 20, .eviction = {}};
  Duration ttl = std::chrono::hours(1);
  double ttl_jitter = 0.1;  // lifetimes are spread over ttl * (1 - jitter) to ttl, so they do not end at once
  std::optional<Duration> negative_ttl;    // none: "not found" is not remembered
  bool single_flight = true;               // equal requests that miss together share one call (flights.h)
  Duration min_cost{};                     // a result that took less time is not kept
  uint64_t max_entry = uint64_t{1} << 20;  // larger values are not kept: they are copied on request threads
  std::vector<std::string> tags;           // of every entry
  bool version_by_plugin = true;           // another plugin file, model or settings: other keys
  bool version_by_script = true;           // another text of the pipeline scripts: other keys
};

}  // namespace dormouse
