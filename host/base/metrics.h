// Counters by name and labels. They live in the host, so nothing is lost while a component sleeps; an exporter reads a
// snapshot. Registering takes a lock; adding is one relaxed atomic.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace dormouse {

class Counter {
 public:
  void add(uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

class Metrics {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;
  struct Sample {
    std::string name;  // Prometheus style: dormouse_..._total
    Labels labels;
    uint64_t value;
  };

  // The counter of that name and labels, made at first use; lives as long as this object.
  Counter& counter(const std::string& name, Labels labels = {});
  std::vector<Sample> snapshot() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, Labels>, std::unique_ptr<Counter>> counters_;
};

}  // namespace dormouse
