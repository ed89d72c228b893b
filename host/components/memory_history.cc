#include "components/memory_history.h"

#include <algorithm>

namespace dormouse {
namespace {

bool is_loaded(State state) {
  return is_callable(state) || state == State::draining;
}

ComponentMemorySample sample_of(const ComponentStatus& status, std::chrono::system_clock::time_point at) {
  const bool loaded = is_loaded(status.state);
  return {at,
          status.state,
          status.mapped_bytes,
          loaded ? status.loaded_heap_bytes : 0,
          loaded ? status.loaded_private_bytes : 0,
          status.returned_resident_bytes};
}

bool same_but_for_time(const ComponentMemorySample& a, const ComponentMemorySample& b) {
  return a.state == b.state && a.mapped_bytes == b.mapped_bytes && a.heap_bytes == b.heap_bytes &&
         a.private_bytes == b.private_bytes && a.returned_bytes == b.returned_bytes;
}

bool holds_less(const MemorySample& a, const MemorySample& b) {
  return a.process.resident_bytes < b.process.resident_bytes;
}

template <class Samples>
auto not_before(const Samples& samples, std::chrono::system_clock::time_point since) {
  return std::find_if(samples.begin(), samples.end(), [&](const auto& sample) { return sample.at >= since; });
}

}  // namespace

void MemoryHistory::add(MemorySample sample, const std::vector<ComponentStatus>& components) {
  std::lock_guard lock(mutex_);
  for (const ComponentStatus& status : components) {
    if (status.generation == 0) continue;  // never touched
    const ComponentMemorySample now = sample_of(status, sample.at);
    if (is_loaded(status.state)) ++sample.loaded;
    sample.components_private_bytes += now.private_bytes;
    std::deque<ComponentMemorySample>& ring = components_[status.name];
    if (!ring.empty() && same_but_for_time(ring.back(), now)) continue;
    ring.push_back(now);
    if (ring.size() > kComponentSamplesMax) ring.pop_front();
  }
  if (!start_) start_ = sample;
  samples_.push_back(std::move(sample));
  if (samples_.size() > kept_) samples_.pop_front();
}

MemoryHistory::View MemoryHistory::view(std::chrono::system_clock::time_point since, std::string_view component) const {
  std::lock_guard lock(mutex_);
  View view;
  view.start = start_;
  if (!samples_.empty()) {
    view.highest = *std::max_element(samples_.begin(), samples_.end(), holds_less);
    view.lowest = *std::min_element(samples_.begin(), samples_.end(), holds_less);
  }
  view.samples.assign(not_before(samples_, since), samples_.end());
  for (const auto& [name, ring] : components_)
    if (component.empty() || name == component) view.components[name].assign(not_before(ring, since), ring.end());
  return view;
}

}  // namespace dormouse
