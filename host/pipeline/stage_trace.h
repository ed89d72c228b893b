// The trace of one stage of one request: its outcome and times, for responses and metrics. Data; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"
#include "cache/cache.h"

namespace dormouse {

enum class Outcome : uint8_t { ok, skipped, fallback, error, timeout, cancelled };
constexpr size_t kOutcomes = 6;
std::string_view to_string(Outcome outcome);

// The trace of one stage.
struct StageTrace {
  std::string name;
  Outcome outcome = Outcome::ok;
  Duration cold{};    // waiting for loads
  Duration queued{};  // waiting for an instance
  Duration ran{};     // in the component or function
  Status error;       // the cause, when the outcome is not ok; also with outcome fallback
  CacheResult cache = CacheResult::none;
  std::string cache_store;  // with a hit, also a negative one: the component whose memory had the result
};

}  // namespace dormouse
