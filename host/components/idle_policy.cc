#include "components/idle_policy.h"

#include <algorithm>

namespace dormouse {
namespace {

// How deep a state already is on the ladder.
int depth_of(State state) {
  switch (state) {
    case State::ready:
      return 0;
    case State::trimmed:
      return 1;
    case State::parked:
      return 2;
    default:
      return 3;  // on its way, or nothing left to take down
  }
}

struct Rung {
  IdleStep step;
  int depth;
  std::optional<Duration> after;
};

}  // namespace

IdleDecision decide_idle(const IdleFacts& facts, const PoolPolicy& policy) {
  const int depth = depth_of(facts.state);
  if (facts.pinned || depth == 3) return {};
  const bool may_unload = facts.safety < SafetyClass::park;
  const Rung rungs[] = {
      {IdleStep::trim, 1, policy.idle_trim},
      {IdleStep::park, 2, policy.idle_park},
      // What cannot be unmapped still gives most of its memory back by parking.
      {may_unload ? IdleStep::unload : IdleStep::park, may_unload ? 3 : 2, policy.idle_unload},
  };
  IdleDecision decision;
  int best = depth;
  for (const Rung& rung : rungs) {
    if (!rung.after || rung.depth <= depth) continue;
    // Residency protects against thrash, and trimming closes nothing.
    const Duration residency = rung.step == IdleStep::trim ? Duration{} : policy.min_residency - facts.ready_for;
    // A lease ends without telling anybody, so a busy component is looked at again when a rung could be due at the
    // soonest.
    const bool busy = facts.leases > 0;
    const Duration due_in = std::max(*rung.after - (busy ? Duration{} : facts.idle), residency);
    if (!busy && due_in <= Duration{}) {
      if (rung.depth > best) {
        best = rung.depth;
        decision.step = rung.step;
      }
    } else {
      const Duration in = std::max(due_in, Duration(std::chrono::milliseconds(1)));
      if (!decision.look_again_in || in < *decision.look_again_in) decision.look_again_in = in;
    }
  }
  return decision;
}

}  // namespace dormouse
