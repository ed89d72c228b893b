// The leases of one request: a table with one row for each component that its graphs call. A lease is held from the
// beginning of the request until the last stage that calls the component has taken it, so no component is unloaded in
// between. All activations of the request share the table: a graph that begins later uses the rows that are there.
//
// Before a request waits for a function's load, or for another request's flight, it releases the leases that none of
// its running calls uses (let_go). Otherwise the request could wait for a draining component while its own lease keeps
// that component from draining. A released lease is taken again when it is needed.
//
// Owner: the RequestRun. Thread: the loop's. A component is named by its row; the first graph's rows are its
// Graph::components. A failed load is kept in its row (failure()).
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
  // Makes the rows of a new request, without leases. `callees` outlive the request; `users`: how many stages call each.
  void begin(std::span<Callee* const> callees, std::span<const uint16_t> users);
  // Adds the components of a graph that begins later, and fills in the row of each (`rows`). Takes no lease: the stages
  // of the graph do.
  void add(std::span<Callee* const> callees, std::span<const uint16_t> users, std::vector<uint16_t>& rows);
  // Empties the table: releases the leases and withdraws the demands.
  void clear();

  // Takes a lease if the component is callable now. Does not wait.
  bool try_hold(uint16_t component);
  // Demands a lease, and a load if needed. Arrivals::on_held_lease comes later, with the row in place of the node.
  // `cause` is shown in events.
  void demand(uint16_t component, const char* cause, Completion completion);
  // Stores the lease, or the failure, that on_held_lease brought. False: this row did not wait for one.
  bool arrived(uint16_t component, Result<Lease> lease);

  bool is_pending(uint16_t component) const { return held_[component].state == State::pending; }
  // Why the load of the component failed; null: it did not fail.
  const Status* failure(uint16_t component) const;

  // A lease for a call that begins now. The last user gets the held lease itself, as does a user when no second lease
  // can be had. None: demand() one and wait.
  std::optional<Lease> take(uint16_t component);
  // One user fewer: a stage has called the component, or will not.
  void release_user(uint16_t component);
  // Releases all held leases.
  void let_go();

 private:
  enum class State : uint8_t { none, warm, pending, failed };
  struct Held {
    Callee* callee = nullptr;
    State state = State::none;
    uint16_t users = 0;  // stages that have not called the component yet
    Lease lease;
    Status failure;
    std::shared_ptr<void> wanted;  // while pending: the demand ends with this pointer (Demand::wanted)
  };

  static void drop(Held& held);

  std::vector<Held> held_;  // by row
};

}  // namespace dormouse
