// What the host counts and measures, as families of series: counters, gauges, histograms. They live here and not in the
// components, so nothing is lost while one sleeps; an exporter reads a snapshot. Not a renderer: it knows no format.
//
// Three ways in, by how often something happens:
//   counter(), histogram()   looked up under a lock, kept by the caller, then one or two locked additions (any thread)
//   add_alone(), observe_alone()   the same objects where one thread is the only writer: no locked instruction
//   collect()                read when somebody looks: for what is known anyway, and for cells a box keeps itself
#pragma once

#include <array>
#include <atomic>
#include <cassert>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace dormouse {

enum class MetricType : uint8_t { counter, gauge, histogram };
std::string_view to_string(MetricType type);

// Upper bounds of buckets, ascending, in nanoseconds.
using HistogramBounds = std::span<const int64_t>;
inline constexpr size_t kHistogramBoundsMax = 20;

// 10 us (an inline call) to 10 s (a slow model), each step 2 to 2.5 times the one before.
inline constexpr std::array<int64_t, 19> kCallBounds{
    10'000,      25'000,        50'000,        100'000,       250'000,       500'000,     1'000'000,
    2'500'000,   5'000'000,     10'000'000,    25'000'000,    50'000'000,    100'000'000, 250'000'000,
    500'000'000, 1'000'000'000, 2'500'000'000, 5'000'000'000, 10'000'000'000};
// 1 ms (mapping a small library) to 60 s (the largest models).
inline constexpr std::array<int64_t, 15> kLoadBounds{1'000'000,      2'500'000,      5'000'000,     10'000'000,
                                                     25'000'000,     50'000'000,     100'000'000,   250'000'000,
                                                     500'000'000,    1'000'000'000,  2'500'000'000, 5'000'000'000,
                                                     10'000'000'000, 30'000'000'000, 60'000'000'000};

// What a family is called and what it means. Constants of the boxes; Prometheus style: dormouse_..._total, _seconds,
// _bytes.
struct MetricInfo {
  std::string_view name;
  std::string_view help;
  MetricType type = MetricType::counter;
  double scale = 1;             // of counters: what one counted unit is shown as
  HistogramBounds bounds = {};  // of histograms
};

class Counter {
 public:
  void add(uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  // By the only thread that ever adds to this one.
  void add_alone(uint64_t n = 1) { value_.store(value() + n, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// Times by how long they were. A reading while others write may miss the newest, never count one twice.
class Histogram {
 public:
  explicit Histogram(HistogramBounds bounds) : bounds_(bounds) { assert(bounds.size() <= kHistogramBoundsMax); }

  void observe(Duration duration) {
    counts_[bucket_of(duration)].add();
    sum_ns_.add(positive(duration));
  }
  // By the only thread that ever writes this one.
  void observe_alone(Duration duration) {
    counts_[bucket_of(duration)].add_alone();
    sum_ns_.add_alone(positive(duration));
  }

  HistogramBounds bounds() const { return bounds_; }
  uint64_t count(size_t bucket) const { return counts_[bucket].value(); }  // the last bucket is beyond all bounds
  uint64_t sum_ns() const { return sum_ns_.value(); }

 private:
  static uint64_t positive(Duration duration) {
    return duration.count() > 0 ? static_cast<uint64_t>(duration.count()) : 0;
  }
  // Steady latencies end this loop at the same step each time, which a processor learns; a binary search it does not.
  size_t bucket_of(Duration duration) const {
    size_t bucket = 0;
    while (bucket < bounds_.size() && duration.count() > bounds_[bucket]) ++bucket;
    return bucket;
  }

  const HistogramBounds bounds_;
  std::array<Counter, kHistogramBoundsMax + 1> counts_;
  Counter sum_ns_;
};

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

struct HistogramReading {
  std::vector<uint64_t> counts;  // by bucket, not cumulated; one more than the family's bounds
  double sum = 0;                // seconds
  uint64_t count() const;
  // Adds the cells of one more writer.
  void add(const Histogram& cells);
};

struct MetricSample {
  MetricLabels labels;
  double value = 0;
  HistogramReading histogram;  // of histograms
};

struct MetricFamily {
  std::string name, help;
  MetricType type = MetricType::counter;
  std::vector<double> bounds;  // of histograms, in seconds
  std::vector<MetricSample> samples;
};

// Where collectors write. Not shared between threads.
class MetricSink {
 public:
  // The family exists, even while it has no series.
  void declare(const MetricInfo& info) { (void)family(info); }
  void value(const MetricInfo& info, MetricLabels labels, double value);
  void histogram(const MetricInfo& info, MetricLabels labels, HistogramReading reading);
  std::vector<MetricFamily> take();  // in order of name

 private:
  friend class Metrics;
  MetricFamily& family(const MetricInfo& info);
  std::map<std::string, MetricFamily, std::less<>> families_;
};

class Metrics {
 public:
  using Labels = MetricLabels;
  using Collect = std::function<void(MetricSink&)>;

  // Keeps a collector for as long as it lives.
  class Registration {
   public:
    Registration() = default;
    Registration(Registration&& other) noexcept : metrics_(std::exchange(other.metrics_, nullptr)), id_(other.id_) {}
    Registration& operator=(Registration&& other) noexcept;
    ~Registration();  // waits for a snapshot that is being taken

   private:
    friend class Metrics;
    Registration(Metrics* metrics, uint64_t id) : metrics_(metrics), id_(id) {}
    Metrics* metrics_ = nullptr;
    uint64_t id_ = 0;
  };

  // The series of that name and labels, made at first use; lives as long as this object. Beyond kSeriesMax series the
  // answer is one that nobody sees, and dormouse_metric_series_refused_total tells. Any thread.
  Counter& counter(const MetricInfo& info, Labels labels = {});
  Counter& counter(std::string_view name, Labels labels = {}, std::string_view help = {});
  Histogram& histogram(const MetricInfo& info, Labels labels = {});

  // Shows the family from now on, also while it has no series. Any thread.
  void declare(const MetricInfo& info);

  // Calls `collect` in every snapshot, on its thread; it must neither wait nor take a snapshot. Any thread.
  [[nodiscard]] Registration collect(Collect collect);

  // All families, in order of name. Any thread; one at a time.
  std::vector<MetricFamily> snapshot() const;
  // What one series of a snapshot would show, the count of a histogram; 0 when there is none. For tests and `ctl`.
  double value(std::string_view name, const Labels& labels = {}) const;

  static constexpr size_t kSeriesMax = 50'000;  // about 20 MiB at their worst; scripts and caches can rename for ever

 private:
  struct Family {
    std::string help;
    MetricType type = MetricType::counter;
    double scale = 1;
    HistogramBounds bounds;
    std::map<Labels, std::unique_ptr<Counter>> counters;
    std::map<Labels, std::unique_ptr<Histogram>> histograms;
  };
  Family& family(const MetricInfo& info);

  mutable std::mutex mutex_;  // guards the families; never held while a collector runs
  std::map<std::string, Family, std::less<>> families_;
  size_t series_ = 0;
  Counter refused_;
  Counter unseen_counter_;
  Histogram unseen_histogram_{{}};

  mutable std::mutex collectors_mutex_;  // held while they run
  std::map<uint64_t, Collect> collectors_;
  uint64_t next_collector_ = 1;
};

}  // namespace dormouse
