// What happens many times, and what must be as it was when it is over. The figures are kept by the kernel, not by us.
// Not a benchmark: time is not looked at.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "support/live/live_registry.h"
#include "support/live/process_facts.h"

namespace dormouse {

// Sanitizers make a load 10 to 20 times slower and keep freed memory on purpose. Under them every count is divided by
// kSanitizerFactor and resident memory and anonymous mappings are not judged; everything else is.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
inline constexpr unsigned kSanitizerFactor = 20;
inline constexpr unsigned kWarmUpCycles = 100;
// ARCHITECTURE.md section 12. A leak of 64 bytes a cycle would be seen in 10,000 of them.
inline constexpr int64_t kResidentGrowthMax = 512 << 10;
// Once warm, the last tenth may not lie above the middle by more than jitter: some pages of the allocator's.
inline constexpr int64_t kResidentSlopeMax = 64 << 10;

struct CycleReport {
  std::string what;
  unsigned cycles = 0;
  ProcessFacts before;  // after the warm-up
  ProcessFacts after;
  std::vector<std::string> new_mappings;  // lines of `after` that `before` did not have, when the numbers differ
  int64_t resident_growth = 0;            // median of the last tenth minus median of the first
  int64_t resident_slope = 0;             // median of the last tenth minus median of the sixth
  std::string to_string() const;
};

// Runs `cycle` kWarmUpCycles times, and then `cycles` times (fewer under sanitizers), and says what changed. The report
// is printed, for `./dev bench cycles`. Counts that are too high at the end get `settling_max` to come down.
CycleReport run_cycles(const std::string& what, unsigned cycles, const std::function<void()>& cycle,
                       std::chrono::milliseconds settling_max = std::chrono::seconds(20));

// Fails the test that calls it for every difference.
void check_nothing_is_left(const CycleReport& report);

// Whether a file whose path ends in `name` is mapped into this process.
bool file_is_mapped(const std::string& name);

// {"text": text}
Value text_value(const std::string& text);

// Unloads, and fails the test unless it is proven gone, with its file out of the mappings.
void unload_completely(LiveRegistry& host, Component& component, const std::string& file);

}  // namespace dormouse
