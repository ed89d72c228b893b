// The memory of the process and of each component over time: bounded rings of samples, with the highest and the lowest
// one. It takes no samples (memory_watch.h does). Owner: the MemoryWatch. Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "components/component.h"
#include "components/memory.h"

namespace dormouse {

struct MemorySample {
  std::chrono::system_clock::time_point at;
  std::string cause;   // "start", "timer", or the event after which it was taken: "component.ready"
  std::string object;  // the object of that event: "nlu.intent", "nlu.intent and 2 more"
  MemoryReading process;
  // The number of loaded components, and the bytes that their loads added. Memory that they took later is only in
  // `process`.
  unsigned loaded = 0;
  int64_t components_private_bytes = 0;
};

struct ComponentMemorySample {
  std::chrono::system_clock::time_point at;
  State state = State::absent;
  uint64_t mapped_bytes = 0;
  int64_t heap_bytes = 0;      // heap that the load added; 0 while it is not loaded
  int64_t private_bytes = 0;   // private memory that the load added; 0 while it is not loaded
  int64_t returned_bytes = 0;  // resident memory that came back with its last park and unload
};

class MemoryHistory {
 public:
  // Most samples of one component. A sample is kept only if it differs from the one before.
  static constexpr size_t kComponentSamplesMax = 128;

  explicit MemoryHistory(size_t samples_kept) : kept_(samples_kept) {}

  // Adds a sample, and computes its sums from `components`.
  void add(MemorySample sample, const std::vector<ComponentStatus>& components);

  struct View {
    std::optional<MemorySample> start;                                     // the first sample of this process
    std::optional<MemorySample> highest, lowest;                           // by resident memory, of the kept samples
    std::vector<MemorySample> samples;                                     // not before `since`, oldest first
    std::map<std::string, std::vector<ComponentMemorySample>> components;  // those that were ever loaded
  };
  // The samples since `since`, with those of `component` (empty: of all components).
  View view(std::chrono::system_clock::time_point since, std::string_view component) const;

 private:
  const size_t kept_;
  mutable std::mutex mutex_;
  std::optional<MemorySample> start_;
  std::deque<MemorySample> samples_;
  std::map<std::string, std::deque<ComponentMemorySample>, std::less<>> components_;
};

}  // namespace dormouse
