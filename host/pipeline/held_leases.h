// The leases of one request, one row for each component that its graphs call, from the beginning until the last stage
// that calls the component has taken it: so nothing is unloaded between entering and calling. One table for all
// activations of the request: a graph that begins later finds the rows of components that others call as well.
//
// Before a wait for a load that a function needs, or for another request's flight, the request lets go of the leases
// that none of its running calls uses (let_go). Otherwise it could wait for a draining component, or for a request that
// does, while a lease of its own keeps that component from draining. What was let go is taken again when it is needed.
//
// Loop thread. Components are named by their row; the first graph's rows are its Graph::components.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "graph/callee.h"
#include "pipeline/arrivals.h"

namespace dormouse {

class HeldLeases {
 public:
  // For a new request, holding nothing. `callees` outlive the request; `users` says how many stages call each.
  void begin(std::span<Callee* const> callees, std::span<const uint16_t> users);
  // For a graph that begins later. `rows` says where its components are. It holds and demands nothing: the stages do.
  void add(std::span<Callee* const> callees, std::span<const uint16_t> users, std::vector<uint16_t>& rows);
  // Forgets everything: what is held is released, and demands lose their place.
  void clear();

  // Holds it if it is callable now, without a wait.
  bool try_hold(uint16_t component);
  // Asks for it, and loads it if need be: Arrivals::on_held_lease comes, with the component in the node's place.
  // `cause` is told in events.
  void demand(uint16_t component, const char* cause, Completion completion);
  // What on_held_lease brought. False: it was not waited for.
  bool arrived(uint16_t component, Result<Lease> lease);

  bool is_pending(uint16_t component) const { return held_[component].state == State::pending; }
  // Why its load failed; null: it did not.
  const Status* failure(uint16_t component) const;

  // For a call that begins now: the held one itself for the last user, or when no second one is to be had. Nothing: a
  // wait is needed.
  std::optional<Lease> take(uint16_t component);
  // A stage has called it, or will not.
  void release_user(uint16_t component);
  void let_go();

 private:
  enum class State : uint8_t { none, warm, pending, failed };
  struct Held {
    Callee* callee = nullptr;
    State state = State::none;
    uint16_t users = 0;  // stages that have not called it yet
    Lease lease;
    Status failure;
    std::shared_ptr<void> wanted;  // while pending: gone with the last stage that wants it
  };

  static void drop(Held& held);

  std::vector<Held> held_;  // by row
};

}  // namespace dormouse
