// The way back to a loop for results that do not come at once. Calls, leases, flights and timers know the loop's
// scheduler only through this interface. A result carries its Address; it is dropped when the request has ended, or the
// node has moved on.
//
// Implemented by the scheduler of the loop. Completions that are under way keep it alive. Thread: the loop's; work that
// ends on another thread posts its result first.
#pragma once

#include <memory>

#include "base/status.h"
#include "cache/flights.h"
#include "components/call_options.h"
#include "components/lease.h"
#include "graph/graph.h"
#include "pipeline/address.h"

namespace dormouse {

class Arrivals : public std::enable_shared_from_this<Arrivals> {
 public:
  virtual ~Arrivals() = default;

  // A call on a lane has ended.
  virtual void on_called(const Address& at, CallResult&& result) = 0;
  // A load for which a function's call waited has ended.
  virtual void on_function_lease(const Address& at, Result<Lease> lease) = 0;
  // A load for which the request waited has ended; `at.node` is the component's row in the held leases.
  virtual void on_held_lease(const Address& at, Result<Lease> lease) = 0;
  // News of a flight in which the stage has a seat (cache/flights.h).
  virtual void on_flight(const Address& at, const FlightNews& news) = 0;
  // A timer of one of the stage's wrappers has come. `wrapper` is its place, 0 for the outermost.
  virtual void on_timer(const Address& at, uint8_t wrapper) = 0;
  // A delayed function may begin now (loop_functions.h).
  virtual void on_turn(const Address& at, FunctionSlot slot) = 0;
};

// Where a call that does not end at once will deliver its result.
struct Completion {
  Arrivals& to;
  EventLoop& loop;
  Address at;
};

}  // namespace dormouse
