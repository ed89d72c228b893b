// When an idle component is trimmed, parked, unloaded. Pure: facts and policy in, decision out.
#pragma once

#include <optional>
#include <string_view>

#include "artifacts/safety.h"
#include "base/clock.h"
#include "components/state.h"

namespace dormouse {

inline constexpr unsigned kBatchDefault = 32;

// How a new incarnation takes the place of the one that serves.
enum class ReloadMode : uint8_t {
  beside,       // it opens beside the old one, which drains when the new one is ready
  close_first,  // the old one closes before it opens; calls wait meanwhile
};

constexpr std::string_view to_string(ReloadMode mode) {
  return mode == ReloadMode::beside ? "beside" : "close_first";
}

// What `dm.pool` sets for one component. Durations that are not set never come.
struct PoolPolicy {
  unsigned min_idle = 0;                        // instances kept while the component is ready, made at load
  unsigned max_instances = 2;                   // calls at the same time, and lane threads
  unsigned max_pending = 64;                    // calls waiting for an instance; beyond it queue_full
  Duration max_wait = std::chrono::seconds(1);  // longest wait for an instance; beyond it queue_full
  // Calls answered together by a method with dormouse.batch/1. Not set: up to kBatchDefault of those that wait anyway,
  // and a method that can run inline does. Set above 1, calls of such a method go over the lane too, to be gathered.
  std::optional<unsigned> max_batch = std::nullopt;
  Duration max_delay = std::chrono::seconds(0);  // how long a call may wait for others to be answered with
  std::optional<Duration> idle_trim = std::nullopt;
  std::optional<Duration> idle_park = std::nullopt;
  std::optional<Duration> idle_unload = std::chrono::minutes(2);
  Duration min_residency = std::chrono::seconds(0);  // not before this long after it became ready
  Duration load_timeout = std::chrono::seconds(30);
  Duration drain_timeout = std::chrono::seconds(30);
  ReloadMode reload = ReloadMode::beside;
};

enum class IdleStep : uint8_t { none, trim, park, unload };

struct IdleFacts {
  State state = State::absent;
  bool pinned = false;
  unsigned leases = 0;
  Duration idle{};       // since the last lease ended; since ready, when there was none
  Duration ready_for{};  // since it became ready
  SafetyClass safety = SafetyClass::unmap;
};

struct IdleDecision {
  IdleStep step = IdleStep::none;
  std::optional<Duration> look_again_in;  // with `none`: when a step comes due if nothing happens
};

// The deepest step that is due. Class `park` is never unloaded by idleness: closing its library gains nothing.
IdleDecision decide_idle(const IdleFacts& facts, const PoolPolicy& policy);

}  // namespace dormouse
