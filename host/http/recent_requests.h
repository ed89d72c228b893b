// How requests went in the last minute: rates, shares and percentiles, from readings of the counters that are kept
// anyway. Not a metric of its own, and not exact: a percentile is a place between two bounds of a histogram.
// Control loop only; no clock and no timer of its own.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"

namespace dormouse {

// All requests of all pipelines since the start.
struct RequestTotals {
  uint64_t requests = 0, failed = 0, degraded = 0;
  std::vector<double> bounds;     // seconds, ascending
  std::vector<uint64_t> buckets;  // one more than bounds; not cumulated
};
RequestTotals request_totals(const std::vector<MetricFamily>& families);

// The difference of two totals.
struct RecentNumbers {
  Duration over{};
  uint64_t requests = 0;
  double per_second = 0;
  std::optional<double> failed_ratio, degraded_ratio;  // none: no requests
  std::optional<double> p50_ms, p95_ms, p99_ms;        // the largest bound for what is beyond it
};

class RecentRequests {
 public:
  static constexpr Duration kWindow = std::chrono::seconds(60);
  static constexpr Duration kEvery = std::chrono::seconds(10);

  // From `began` on, when nothing had been counted.
  explicit RecentRequests(Time began) { readings_.push_back({began, {}}); }

  // Every kEvery. Keeps what a window needs.
  void keep(Time now, RequestTotals totals);
  // From the oldest reading that is kept and at most a window old to `totals`, which are of now. What was counted and
  // is gone (a pipeline that no script has any more) counts as nothing.
  RecentNumbers until(Time now, const RequestTotals& totals) const;

 private:
  struct Reading {
    Time at;
    RequestTotals totals;
  };
  std::deque<Reading> readings_;  // oldest first; never empty
};

}  // namespace dormouse
