// How what was begun on a loop comes back to it. It is all that calls, leases, flights and timers know of the loop.
// What comes back carries its Address; it is dropped when the request, the activation or the attempt has moved on
// since.
//
// Implemented by the scheduler of the loop. Completions hold it, so it outlives them. Loop thread: whatever ends on
// another thread posts first.
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
  // A load that the call of a function waited for has ended.
  virtual void on_function_lease(const Address& at, Result<Lease> lease) = 0;
  // A load that the request waited for has ended; `at.node` is the component.
  virtual void on_held_lease(const Address& at, Result<Lease> lease) = 0;
  // News of a flight that the stage has a seat in.
  virtual void on_flight(const Address& at, const FlightNews& news) = 0;
  // A timer of the stage's wrapper at that place, outermost 0, has come.
  virtual void on_timer(const Address& at, uint8_t wrapper) = 0;
  // A function that was put off may begin (loop_functions.h).
  virtual void on_turn(const Address& at, FunctionSlot slot) = 0;
};

// Where one call that does not end at once will complete.
struct Completion {
  Arrivals& to;
  EventLoop& loop;
  Address at;
};

}  // namespace dormouse
