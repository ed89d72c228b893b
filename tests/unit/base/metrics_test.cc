#include "base/metrics.h"

#include <catch2/catch.hpp>
#include <thread>

namespace dormouse {
namespace {

using namespace std::chrono_literals;

constexpr std::array<int64_t, 3> kBounds{1'000, 1'000'000, 1'000'000'000};
constexpr MetricInfo kTimes{"dormouse_t_seconds", "How long.", MetricType::histogram, 1, kBounds};
constexpr MetricInfo kSpent{"dormouse_spent_seconds_total", "Time spent.", MetricType::counter, 1e-9};
constexpr MetricInfo kLevel{"dormouse_level", "How much.", MetricType::gauge};

const MetricFamily& family_of(const std::vector<MetricFamily>& families, const std::string& name) {
  for (const MetricFamily& family : families)
    if (family.name == name) return family;
  throw std::runtime_error("no family " + name);
}

TEST_CASE("the same name and labels are the same counter") {
  Metrics metrics;
  Counter& a = metrics.counter("dormouse_loads_total", {{"component", "a"}});
  CHECK(&metrics.counter("dormouse_loads_total", {{"component", "a"}}) == &a);
  CHECK(&metrics.counter("dormouse_loads_total", {{"component", "b"}}) != &a);
  CHECK(&metrics.counter("dormouse_loads_total") != &a);
}

TEST_CASE("a snapshot has every family in order of name with its series") {
  Metrics metrics;
  metrics.counter("b_total").add(2);
  metrics.counter("a_total", {{"k", "v"}}, "What a is.").add();
  const auto families = metrics.snapshot();
  REQUIRE(families.size() == 3);
  CHECK(families[0].name == "a_total");
  CHECK(families[0].help == "What a is.");
  CHECK(families[0].type == MetricType::counter);
  REQUIRE(families[0].samples.size() == 1);
  CHECK(families[0].samples[0].labels == MetricLabels{{"k", "v"}});
  CHECK(families[0].samples[0].value == 1);
  CHECK(families[1].samples[0].value == 2);
  CHECK(families[2].name == "dormouse_metric_series_refused_total");
}

TEST_CASE("no addition is lost between threads") {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) {
        metrics.counter("n_total").add();
        metrics.histogram(kTimes).observe(1us);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(metrics.counter("n_total").value() == 40'000);
  CHECK(metrics.value("dormouse_t_seconds") == 40'000);
}

TEST_CASE("a time falls into the first bucket that is not below it") {
  Histogram times{kBounds};
  for (const Duration time : {-5ns, 0ns, 1'000ns}) times.observe(time);
  times.observe_alone(1'001ns);
  times.observe(1s);
  times.observe_alone(1s + 1ns);
  CHECK(times.count(0) == 3);
  CHECK(times.count(1) == 1);
  CHECK(times.count(2) == 1);
  CHECK(times.count(3) == 1);
  CHECK(times.sum_ns() == 2'000'002'002);
}

TEST_CASE("bounds of calls and loads ascend and fit a histogram") {
  for (const HistogramBounds bounds : {HistogramBounds(kCallBounds), HistogramBounds(kLoadBounds)}) {
    CHECK(bounds.size() <= kHistogramBoundsMax);
    CHECK(std::is_sorted(bounds.begin(), bounds.end(), std::less_equal<>{}));
  }
}

TEST_CASE("a snapshot shows times in seconds") {
  Metrics metrics;
  metrics.histogram(kTimes, {{"k", "v"}}).observe(500us);
  metrics.counter(kSpent).add(1'500'000'000);
  const auto families = metrics.snapshot();
  const MetricFamily& times = family_of(families, "dormouse_t_seconds");
  CHECK(times.bounds == std::vector<double>{1e-6, 1e-3, 1});
  REQUIRE(times.samples.size() == 1);
  CHECK(times.samples[0].histogram.counts == std::vector<uint64_t>{0, 1, 0, 0});
  CHECK(times.samples[0].histogram.sum == Approx(0.0005));
  CHECK(family_of(families, "dormouse_spent_seconds_total").samples[0].value == Approx(1.5));
}

TEST_CASE("a reading adds the cells of several writers") {
  Histogram one{kBounds}, other{kBounds};
  one.observe_alone(1us);
  other.observe_alone(2s);
  HistogramReading reading;
  reading.add(one);
  reading.add(other);
  CHECK(reading.count() == 2);
  CHECK(reading.counts == std::vector<uint64_t>{1, 0, 0, 1});
  CHECK(reading.sum == Approx(2.000001));
}

TEST_CASE("a declared family is shown before it has a series") {
  Metrics metrics;
  metrics.declare(kTimes);
  const auto families = metrics.snapshot();
  const MetricFamily& times = family_of(families, "dormouse_t_seconds");
  CHECK(times.samples.empty());
  CHECK(times.help == "How long.");
}

TEST_CASE("a collector is asked in each snapshot until its registration goes") {
  Metrics metrics;
  double level = 1;
  {
    const auto registration = metrics.collect([&](MetricSink& sink) { sink.value(kLevel, {{"of", "tank"}}, level); });
    CHECK(metrics.value("dormouse_level", {{"of", "tank"}}) == 1);
    level = 2.5;
    CHECK(metrics.value("dormouse_level", {{"of", "tank"}}) == 2.5);
  }
  for (const MetricFamily& family : metrics.snapshot()) CHECK(family.name != "dormouse_level");
}

TEST_CASE("beyond the bound a series is counted as refused and nothing is shown of it") {
  Metrics metrics;
  for (size_t i = 0; i < Metrics::kSeriesMax; ++i) metrics.counter("n_total", {{"i", std::to_string(i)}});
  metrics.counter("n_total", {{"i", "one more"}}).add(7);
  metrics.counter("n_total", {{"i", "5"}}).add(3);
  CHECK(metrics.value("n_total", {{"i", "one more"}}) == 0);
  CHECK(metrics.value("n_total", {{"i", "5"}}) == 3);
  CHECK(metrics.value("dormouse_metric_series_refused_total") == 1);
}

}  // namespace
}  // namespace dormouse
