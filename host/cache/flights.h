// Single flight: of equal requests that miss the cache together, one makes the call and all get the result. A flight is
// that call with its seats, one for each request that waits; the first seat leads until the call has begun. It makes no
// call itself (pipeline/calls/cached_call.h does).
//
// A waiter may leave at any time. The call goes on while anyone waits, and is cancelled when the last one leaves. If
// the leader leaves before the call has begun, the next waiter leads. A failure is the result of all who wait.
//
// Owner: the Cache. Any thread. News are posted to the loop of each waiter, never while a lock is held.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "components/call.h"
#include "exec/event_loop.h"
#include "values/value.h"

namespace dormouse {

// One report to a waiter.
struct FlightNews {
  enum class What : uint8_t {
    lead,    // this seat leads now, and must make the call
    called,  // the call has begun; the wait until now was one for a load
    landed,  // `call` is the result; no news come after it
  } what = What::landed;
  CallResult call{Value(), {}, {}};
};

class Flight;  // private to Flights

class Flights {
 public:
  using Told = std::function<void(const FlightNews&)>;

  // A seat in a flight. Empty: none.
  struct Ticket {
    std::shared_ptr<Flight> flight;
    uint64_t seat = 0;
    explicit operator bool() const { return flight != nullptr; }
  };
  enum class Role : uint8_t { lead, wait, wait_called };

  // Takes a seat in the flight of `key`; without one, begins a flight, whose first seat leads. `told` is called with
  // news, on `loop`, until leave(). wait_called: the call of the flight has begun already.
  Role join(const std::string& key, EventLoop& loop, Told told, Ticket& ticket);

  // The leader begins its call, which the flight owns from now on: the leader waits like all others. The returned token
  // is cancelled when no one waits any more.
  CancelToken take_over(const Ticket& ticket);

  // Ends the flight: posts the result to all seats but that of `ticket`. Later requests begin a new flight.
  void land(const Ticket& ticket, const CallResult& call);

  // Gives a seat back, also after landing, and empties the ticket.
  void leave(Ticket& ticket);

  // After a purge: no request can join the running flights any more. Their waiters still get the results.
  void detach_all();

  size_t running() const;

 private:
  void remove(const Flight& flight);  // with the lock held

  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Flight>> by_key_;
  uint64_t next_seat_ = 1;
};

}  // namespace dormouse
