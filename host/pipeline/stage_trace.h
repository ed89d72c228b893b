// What became of one stage of one request.
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

// How one stage of one request went.
struct StageTrace {
  std::string name;
  Outcome outcome = Outcome::ok;
  Duration cold{};    // waiting for loads
  Duration queued{};  // waiting for an instance
  Duration ran{};     // in the component or function
  Status error;       // what ended it, when not ok; also with outcome fallback
  CacheResult cache = CacheResult::none;
  std::string cache_store;  // component whose memory had it: with a hit, also a negative one
};

}  // namespace dormouse
