// Single flight: of equal requests that miss together, one does the work and all get what came of it.
// The flight belongs to the cache. Who waits for it may leave at any time and takes nothing with him: the work goes on
// while anybody waits, is cancelled when nobody does, and is handed to the next one if he who had begun it leaves
// before it could become the flight's own. What failed is a failure for all who waited.
//
// Any thread. News come by post on the loop of whoever waits, never while a lock is held.
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

// What somebody who waits is told.
struct FlightNews {
  enum class What : uint8_t {
    lead,    // it is up to him now: nobody else works on it
    called,  // the call that all wait for has begun: what counts until now was waiting for a load
    landed,  // `call` is what it came to; nothing comes after it
  } what = What::landed;
  CallResult call{Value(), {}, {}};
};

class Flight;  // its insides are Flights'

class Flights {
 public:
  using Told = std::function<void(const FlightNews&)>;

  // A place in a flight. Empty: none.
  struct Ticket {
    std::shared_ptr<Flight> flight;
    uint64_t seat = 0;
    explicit operator bool() const { return flight != nullptr; }
  };
  enum class Role : uint8_t { lead, wait, wait_called };

  // Takes a seat: in the flight of that key, or as the first one of a new flight, which leads. Until leave(), `told`
  // hears, on `loop`.
  Role join(const std::string& key, EventLoop& loop, Told told, Ticket& ticket);

  // The leader's call has begun, and is the flight's from now on: the leader waits like everybody else. The token is
  // cancelled when nobody waits any more.
  CancelToken take_over(const Ticket& ticket);

  // The end: everybody but the seat of `ticket` is told by post. Later askers begin a new flight.
  void land(const Ticket& ticket, const CallResult& call);

  // Gives a seat back, also after landing, and empties the ticket.
  void leave(Ticket& ticket);

  // After a purge: running flights land for those who wait, and nobody joins them any more.
  void detach_all();

  size_t running() const;

 private:
  void remove(const Flight& flight);  // with the lock held

  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Flight>> by_key_;
  uint64_t next_seat_ = 1;
};

}  // namespace dormouse
