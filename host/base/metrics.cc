#include "base/metrics.h"

#include <numeric>

namespace dormouse {
namespace {

constexpr MetricInfo kSeriesRefused{
    .name = "dormouse_metric_series_refused_total",
    .help = "Uses of a series that was not made because there were too many.",
};

double seconds(int64_t ns) {
  return static_cast<double>(ns) / 1e9;
}

}  // namespace

std::string_view to_string(MetricType type) {
  constexpr std::string_view kNames[] = {"counter", "gauge", "histogram"};
  return kNames[static_cast<size_t>(type)];
}

uint64_t HistogramReading::count() const {
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
}

void HistogramReading::add(const Histogram& cells) {
  counts.resize(cells.bounds().size() + 1);
  for (size_t i = 0; i < counts.size(); ++i) counts[i] += cells.count(i);
  sum += static_cast<double>(cells.sum_ns()) / 1e9;
}

// ---- what a snapshot is written to ----

MetricFamily& MetricSink::family(const MetricInfo& info) {
  const auto [at, added] = families_.try_emplace(std::string(info.name));
  MetricFamily& family = at->second;
  if (!added) return family;
  family.name = info.name;
  family.help = info.help;
  family.type = info.type;
  for (const int64_t bound : info.bounds) family.bounds.push_back(seconds(bound));
  return family;
}

void MetricSink::value(const MetricInfo& info, MetricLabels labels, double value) {
  family(info).samples.push_back({std::move(labels), value * info.scale, {}});
}

void MetricSink::histogram(const MetricInfo& info, MetricLabels labels, HistogramReading reading) {
  family(info).samples.push_back({std::move(labels), 0, std::move(reading)});
}

std::vector<MetricFamily> MetricSink::take() {
  std::vector<MetricFamily> all;
  all.reserve(families_.size());
  for (auto& [name, family] : families_) all.push_back(std::move(family));
  families_.clear();
  return all;
}

// ---- series ----

// With mutex_ held.
Metrics::Family& Metrics::family(const MetricInfo& info) {
  const auto [at, added] = families_.try_emplace(std::string(info.name));
  Family& family = at->second;
  if (added) {
    family.type = info.type;
    family.scale = info.scale;
    family.bounds = info.bounds;
  }
  if (family.help.empty()) family.help = info.help;
  return family;
}

Counter& Metrics::counter(const MetricInfo& info, Labels labels) {
  std::lock_guard lock(mutex_);
  Family& of = family(info);
  assert(of.type == info.type && "one name, two types");
  if (series_ >= kSeriesMax && !of.counters.contains(labels)) return refused_.add(), unseen_counter_;
  std::unique_ptr<Counter>& counter = of.counters[std::move(labels)];
  if (!counter) counter = std::make_unique<Counter>(), ++series_;
  return *counter;
}

Counter& Metrics::counter(std::string_view name, Labels labels, std::string_view help) {
  return counter(MetricInfo{.name = name, .help = help}, std::move(labels));
}

Histogram& Metrics::histogram(const MetricInfo& info, Labels labels) {
  std::lock_guard lock(mutex_);
  Family& of = family(info);
  assert(of.type == info.type && "one name, two types");
  if (series_ >= kSeriesMax && !of.histograms.contains(labels)) return refused_.add(), unseen_histogram_;
  std::unique_ptr<Histogram>& histogram = of.histograms[std::move(labels)];
  if (!histogram) histogram = std::make_unique<Histogram>(info.bounds), ++series_;
  return *histogram;
}

void Metrics::declare(const MetricInfo& info) {
  std::lock_guard lock(mutex_);
  (void)family(info);
}

// ---- collectors ----

Metrics::Registration& Metrics::Registration::operator=(Registration&& other) noexcept {
  std::swap(metrics_, other.metrics_);
  std::swap(id_, other.id_);
  return *this;
}

Metrics::Registration::~Registration() {
  if (!metrics_) return;
  std::lock_guard lock(metrics_->collectors_mutex_);
  metrics_->collectors_.erase(id_);
}

Metrics::Registration Metrics::collect(Collect collect) {
  std::lock_guard lock(collectors_mutex_);
  const uint64_t id = next_collector_++;
  collectors_.emplace(id, std::move(collect));
  return {this, id};
}

// ---- snapshots ----

std::vector<MetricFamily> Metrics::snapshot() const {
  MetricSink sink;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [name, family] : families_) {
      const MetricInfo info{name, family.help, family.type, family.scale, family.bounds};
      sink.declare(info);
      for (const auto& [labels, counter] : family.counters)
        sink.value(info, labels, static_cast<double>(counter->value()));
      for (const auto& [labels, histogram] : family.histograms) {
        HistogramReading reading;
        reading.add(*histogram);
        sink.histogram(info, labels, std::move(reading));
      }
    }
    sink.value(kSeriesRefused, {}, static_cast<double>(refused_.value()));
  }
  std::lock_guard lock(collectors_mutex_);
  for (const auto& [id, collect] : collectors_) collect(sink);
  return sink.take();
}

double Metrics::value(std::string_view name, const Labels& labels) const {
  for (const MetricFamily& family : snapshot()) {
    if (family.name != name) continue;
    for (const MetricSample& sample : family.samples)
      if (sample.labels == labels)
        return family.type == MetricType::histogram ? static_cast<double>(sample.histogram.count()) : sample.value;
  }
  return 0;
}

}  // namespace dormouse
