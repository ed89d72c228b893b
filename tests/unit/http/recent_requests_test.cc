#include "http/recent_requests.h"

#include <catch2/catch.hpp>

namespace dormouse {
namespace {

using namespace std::chrono_literals;

const Time kStart{1000s};

RequestTotals totals(uint64_t requests, std::vector<uint64_t> buckets = {}, uint64_t failed = 0) {
  RequestTotals made;
  made.requests = requests;
  made.failed = failed;
  made.bounds = {0.01, 0.1, 1};
  made.buckets = std::move(buckets);
  return made;
}

}  // namespace

TEST_CASE("rates are of the last minute and of less while the host is younger") {
  RecentRequests recent(kStart);
  const RecentNumbers young = recent.until(kStart + 10s, totals(50));
  CHECK(young.over == 10s);
  CHECK(young.per_second == Approx(5));
  for (int i = 1; i <= 20; ++i) recent.keep(kStart + i * 10s, totals(static_cast<uint64_t>(i) * 100));
  const RecentNumbers later = recent.until(kStart + 205s, totals(2000 + 300));
  CHECK(later.over == 55s);
  CHECK(later.requests == 800);  // since second 150, when 1500 were counted
}

TEST_CASE("shares and percentiles are of the requests in the window alone") {
  RecentRequests recent(kStart);
  recent.keep(kStart + 10s, totals(1000, {0, 0, 0, 1000}, 1000));
  for (int i = 2; i <= 8; ++i) recent.keep(kStart + i * 10s, totals(1000, {0, 0, 0, 1000}, 1000));
  const RecentNumbers now = recent.until(kStart + 85s, totals(1100, {50, 45, 5, 1000}, 1002));
  CHECK(*now.failed_ratio == Approx(0.02));
  CHECK(*now.p50_ms == Approx(10));
  CHECK(*now.p95_ms == Approx(100));
  CHECK(*now.p99_ms == Approx(820));
}

TEST_CASE("without requests there are no shares and no percentiles") {
  const RecentRequests recent(kStart);
  const RecentNumbers now = recent.until(kStart + 10s, totals(0, {0, 0, 0, 0}));
  CHECK(now.per_second == 0);
  CHECK_FALSE(now.failed_ratio);
  CHECK_FALSE(now.p99_ms);
}

TEST_CASE("times beyond all bounds are shown as the largest bound") {
  const RecentRequests recent(kStart);
  CHECK(*recent.until(kStart + 1s, totals(1, {0, 0, 0, 1})).p50_ms == Approx(1000));
}

TEST_CASE("what is no longer counted makes no number negative") {
  RecentRequests recent(kStart);
  recent.keep(kStart + 10s, totals(500, {500, 0, 0, 0}, 100));
  const RecentNumbers now = recent.until(kStart + 70s, totals(20, {20, 0, 0, 0}));
  CHECK(now.requests == 0);
  CHECK(now.per_second == 0);
  CHECK_FALSE(now.failed_ratio);
}

TEST_CASE("totals are summed over pipelines and their statuses") {
  MetricFamily requests{"dormouse_requests_total", "", MetricType::counter, {}, {}};
  for (const auto& [status, value] :
       {std::pair("ok", 90.0), {"degraded", 6.0}, {"internal", 3.0}, {"unavailable", 1.0}})
    requests.samples.push_back({{{"pipeline", "a"}, {"status", status}}, value, {}});
  requests.samples.push_back({{{"pipeline", "b"}, {"status", "ok"}}, 10, {}});
  MetricFamily seconds{"dormouse_request_seconds", "", MetricType::histogram, {0.1, 1}, {}};
  seconds.samples.push_back({{{"pipeline", "a"}}, 0, {{1, 2, 3}, 9}});
  seconds.samples.push_back({{{"pipeline", "b"}}, 0, {{10, 0, 0}, 1}});
  const RequestTotals all = request_totals({requests, seconds});
  CHECK(all.requests == 110);
  CHECK(all.degraded == 6);
  CHECK(all.failed == 4);
  CHECK(all.buckets == std::vector<uint64_t>{11, 2, 3});
}

}  // namespace dormouse
