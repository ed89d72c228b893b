// The states of an incarnation (one load of a component), and the table of its transitions. A component shows the state
// of its current incarnation. Constants, no code that changes a state (incarnation.h does). ARCHITECTURE.md section 4
// follows a component through the states. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace dormouse {

enum class State : uint8_t {
  absent,    // never loaded since start
  loading,   // the load runs, or waits for its turn
  ready,     // callable
  trimmed,   // callable, its caches dropped
  draining,  // no new lease; when the last lease has ended, the veto is asked and the component closed
  parked,    // instances and component closed, lane joined, code mapped
  closing,   // the library is being closed
  unloaded,  // proven gone
  resident,  // closed, but its code stays mapped; the cause is named
  failed,    // the last load failed; tried again after the back-off
};
inline constexpr size_t kStateCount = 10;

inline constexpr std::array<std::string_view, kStateCount> kStateNames{
    "absent", "loading", "ready", "trimmed", "draining", "parked", "closing", "unloaded", "resident", "failed"};
constexpr std::string_view to_string(State state) {
  return kStateNames[static_cast<size_t>(state)];
}

struct Transition {
  State from;
  State to;
  std::string_view when;
};

// Every transition. A change of state that is not in this table is a bug of the host, and asserted.
inline constexpr std::array kTransitions{
    Transition{State::absent, State::loading, "first demand"},
    Transition{State::loading, State::ready, "opened and warm"},
    Transition{State::loading, State::failed, "could not be loaded"},
    Transition{State::loading, State::unloaded, "given up by an operator, and undone"},
    Transition{State::loading, State::resident, "given up by an operator, and the loader kept it"},
    Transition{State::ready, State::trimmed, "idle, or asked to trim"},
    Transition{State::trimmed, State::ready, "called again"},
    Transition{State::ready, State::draining, "idle, or asked to park or unload"},
    Transition{State::trimmed, State::draining, "idle, or asked to park or unload"},
    Transition{State::draining, State::ready, "vetoed, or the wait ran out"},
    Transition{State::draining, State::parked, "closed, and nobody asked for more"},
    Transition{State::draining, State::closing, "closed; its library is next"},
    Transition{State::draining, State::loading, "closed, for a reload or for demand that came meanwhile"},
    Transition{State::draining, State::resident, "closed; what it left behind still uses its code"},
    Transition{State::parked, State::loading, "demand: open again in the same mapping"},
    Transition{State::parked, State::closing, "idle, or asked to unload"},
    Transition{State::closing, State::unloaded, "proven unmapped"},
    Transition{State::closing, State::resident, "the loader kept it"},
    Transition{State::unloaded, State::loading, "demand"},
    Transition{State::resident, State::loading, "demand"},
    Transition{State::failed, State::loading, "demand after the back-off, or the file changed"},
};

constexpr bool may_follow(State from, State to) {
  for (const Transition& t : kTransitions)
    if (t.from == from && t.to == to) return true;
  return false;
}

constexpr bool is_callable(State state) {
  return state == State::ready || state == State::trimmed;
}

}  // namespace dormouse
