#include "base/metrics.h"

namespace dormouse {

Counter& Metrics::counter(const std::string& name, Labels labels) {
  std::lock_guard lock(mutex_);
  std::unique_ptr<Counter>& counter = counters_[{name, std::move(labels)}];
  if (!counter) counter = std::make_unique<Counter>();
  return *counter;
}

std::vector<Metrics::Sample> Metrics::snapshot() const {
  std::lock_guard lock(mutex_);
  std::vector<Sample> samples;
  samples.reserve(counters_.size());
  for (const auto& [key, counter] : counters_) samples.push_back({key.first, key.second, counter->value()});
  return samples;
}

}  // namespace dormouse
