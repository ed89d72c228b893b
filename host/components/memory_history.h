// What the process and each component held, over time: bounded rings of samples, and their highest and lowest points.
// Data and arithmetic; who samples when is memory_watch.h. Any thread.
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
  std::string cause;   // "start", "timer", or the event it follows: "component.ready"
  std::string object;  // of that event: "nlu.intent", "nlu.intent and 2 more"
  MemoryReading process;
  // Sums over the components that are loaded: what their loads added. What they took since is in `process` alone.
  unsigned loaded = 0;
  int64_t components_private_bytes = 0;
};

struct ComponentMemorySample {
  std::chrono::system_clock::time_point at;
  State state = State::absent;
  uint64_t mapped_bytes = 0;
  int64_t heap_bytes = 0;      // what its load added; 0 while it is not loaded
  int64_t private_bytes = 0;   // likewise
  int64_t returned_bytes = 0;  // resident memory that came back with its last park and unload
};

class MemoryHistory {
 public:
  // Of one component; a sample is kept only when it differs from the one before.
  static constexpr size_t kComponentSamplesMax = 128;

  explicit MemoryHistory(size_t samples_kept) : kept_(samples_kept) {}

  // Fills in the sums of `sample`.
  void add(MemorySample sample, const std::vector<ComponentStatus>& components);

  struct View {
    std::optional<MemorySample> start;                                     // the first one ever
    std::optional<MemorySample> highest, lowest;                           // by resident memory, among those kept
    std::vector<MemorySample> samples;                                     // not before `since`, oldest first
    std::map<std::string, std::vector<ComponentMemorySample>> components;  // those that were ever loaded
  };
  // `component`: only this one; empty: all.
  View view(std::chrono::system_clock::time_point since, std::string_view component) const;

 private:
  const size_t kept_;
  mutable std::mutex mutex_;
  std::optional<MemorySample> start_;
  std::deque<MemorySample> samples_;
  std::map<std::string, std::deque<ComponentMemorySample>, std::less<>> components_;
};

}  // namespace dormouse
