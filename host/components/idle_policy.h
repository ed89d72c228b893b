// The pool policy of a component, and the decision when an idle component is trimmed, parked or unloaded. Data and a
// pure function; it changes nothing (component_life.h does). Any thread.
#pragma once

#include <optional>
#include <string_view>

#include "artifacts/safety.h"
#include "base/clock.h"
#include "components/state.h"

namespace dormouse {

inline constexpr unsigned kBatchDefault = 32;

// How a new incarnation replaces the current one.
enum class ReloadMode : uint8_t {
  beside,       // it opens beside the old one, which drains when the new one is ready
  close_first,  // the old one closes before it opens; calls wait meanwhile
};

constexpr std::string_view to_string(ReloadMode mode) {
  return mode == ReloadMode::beside ? "beside" : "close_first";
}

// The settings of `dm.pool` for one component. An idle step whose duration is not set never happens.
struct PoolPolicy {
  unsigned min_idle = 0;                        // instances kept while the component is ready, made at load
  unsigned max_instances = 2;                   // calls at the same time; also the number of lane threads
  unsigned max_pending = 64;                    // calls that wait for an instance; a further call gets queue_full
  Duration max_wait = std::chrono::seconds(1);  // longest wait for an instance; a longer one ends with queue_full
  // Most calls that a method with dormouse.batch/1 answers together. Not set: kBatchDefault, of calls that wait anyway;
  // a method that can run inline still does. Above 1: calls of such a method go over the lane too, to be gathered.
  std::optional<unsigned> max_batch = std::nullopt;
  Duration max_delay = std::chrono::seconds(0);  // how long the first call of a batch waits for others
  std::optional<Duration> idle_trim = std::nullopt;
  std::optional<Duration> idle_park = std::nullopt;
  std::optional<Duration> idle_unload = std::chrono::minutes(2);
  Duration min_residency = std::chrono::seconds(0);  // no park or unload by idleness before this time after ready
  Duration load_timeout = std::chrono::seconds(30);
  Duration drain_timeout = std::chrono::seconds(30);
  ReloadMode reload = ReloadMode::beside;
};

enum class IdleStep : uint8_t { none, trim, park, unload };

struct IdleFacts {
  State state = State::absent;
  bool pinned = false;
  unsigned leases = 0;
  Duration idle{};       // since the last lease ended, or without one, since the component became ready
  Duration ready_for{};  // since it became ready
  SafetyClass safety = SafetyClass::unmap;
};

struct IdleDecision {
  IdleStep step = IdleStep::none;
  std::optional<Duration> look_again_in;  // with `none`: time until a step is due, if the component stays idle
};

// The deepest step that is due. A component of safety class `park` is never unloaded by idleness, because closing its
// library would free nothing.
IdleDecision decide_idle(const IdleFacts& facts, const PoolPolicy& policy);

}  // namespace dormouse
