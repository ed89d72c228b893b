#include "http/recent_requests.h"

#include <algorithm>
#include <utility>

namespace dormouse {
namespace {

uint64_t more(uint64_t now, uint64_t before) {
  return now > before ? now - before : 0;
}

std::optional<double> quantile_ms(double share, const std::vector<double>& bounds,
                                  const std::vector<uint64_t>& counts) {
  uint64_t all = 0;
  for (const uint64_t count : counts) all += count;
  if (all == 0) return std::nullopt;
  const double rank = share * static_cast<double>(all);
  double below = 0;
  for (size_t i = 0; i < bounds.size() && i < counts.size(); ++i) {
    const auto inside = static_cast<double>(counts[i]);
    if (inside > 0 && below + inside >= rank) {
      const double from = i == 0 ? 0 : bounds[i - 1];
      return 1000 * (from + (bounds[i] - from) * std::max(rank - below, 0.0) / inside);
    }
    below += inside;
  }
  return bounds.empty() ? std::nullopt : std::optional(1000 * bounds.back());
}

bool is_status(const MetricSample& sample, std::string_view status) {
  return std::any_of(sample.labels.begin(), sample.labels.end(),
                     [&](const auto& label) { return label.first == "status" && label.second == status; });
}

}  // namespace

RequestTotals request_totals(const std::vector<MetricFamily>& families) {
  RequestTotals totals;
  for (const MetricFamily& family : families) {
    if (family.name == "dormouse_requests_total") {
      for (const MetricSample& sample : family.samples) {
        const auto count = static_cast<uint64_t>(sample.value);
        totals.requests += count;
        if (is_status(sample, "degraded"))
          totals.degraded += count;
        else if (!is_status(sample, "ok"))
          totals.failed += count;
      }
    }
    if (family.name != "dormouse_request_seconds") continue;
    totals.bounds = family.bounds;
    totals.buckets.resize(family.bounds.size() + 1);
    for (const MetricSample& sample : family.samples)
      for (size_t i = 0; i < sample.histogram.counts.size() && i < totals.buckets.size(); ++i)
        totals.buckets[i] += sample.histogram.counts[i];
  }
  return totals;
}

void RecentRequests::keep(Time now, RequestTotals totals) {
  readings_.push_back({now, std::move(totals)});
  while (readings_.size() > 1 && readings_.front().at < now - kWindow) readings_.pop_front();
}

RecentNumbers RecentRequests::until(Time now, const RequestTotals& totals) const {
  const auto from =
      std::find_if(readings_.begin(), readings_.end(), [&](const Reading& each) { return each.at >= now - kWindow; });
  const Reading& before = from == readings_.end() ? readings_.back() : *from;
  RecentNumbers recent;
  recent.over = now - before.at;
  recent.requests = more(totals.requests, before.totals.requests);
  const double seconds = std::chrono::duration<double>(recent.over).count();
  if (seconds > 0) recent.per_second = static_cast<double>(recent.requests) / seconds;
  if (recent.requests > 0) {
    const auto all = static_cast<double>(recent.requests);
    recent.failed_ratio = static_cast<double>(more(totals.failed, before.totals.failed)) / all;
    recent.degraded_ratio = static_cast<double>(more(totals.degraded, before.totals.degraded)) / all;
  }
  std::vector<uint64_t> counts = totals.buckets;
  for (size_t i = 0; i < counts.size() && i < before.totals.buckets.size(); ++i)
    counts[i] = more(counts[i], before.totals.buckets[i]);
  recent.p50_ms = quantile_ms(0.5, totals.bounds, counts);
  recent.p95_ms = quantile_ms(0.95, totals.bounds, counts);
  recent.p99_ms = quantile_ms(0.99, totals.bounds, counts);
  return recent;
}

}  // namespace dormouse
