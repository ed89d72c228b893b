#include "cache/flights.h"

#include <algorithm>
#include <utility>

namespace dormouse {

// Guarded by Flights::mutex_.
class Flight {
 public:
  struct Seat {
    uint64_t number;
    EventLoop* loop;
    Flights::Told told;
  };
  std::string key;
  std::vector<Seat> seats;
  uint64_t leader = 0;  // its seat; 0: the call is the flight's own
  bool landed = false;
  CancelToken cancel;
};

namespace {

// Posted, so that nobody is told inside of what somebody else is doing.
void tell(const Flight::Seat& seat, FlightNews news) {
  seat.loop->post([told = seat.told, news = std::move(news)] { told(news); });
}

}  // namespace

Flights::Role Flights::join(const std::string& key, EventLoop& loop, Told told, Ticket& ticket) {
  std::lock_guard lock(mutex_);
  std::shared_ptr<Flight>& flight = by_key_[key];
  const bool first = !flight;
  if (first) {
    flight = std::make_shared<Flight>();
    flight->key = key;
  }
  ticket = {flight, next_seat_++};
  flight->seats.push_back({ticket.seat, &loop, std::move(told)});
  if (first) flight->leader = ticket.seat;
  return first ? Role::lead : flight->leader == 0 ? Role::wait_called : Role::wait;
}

CancelToken Flights::take_over(const Ticket& ticket) {
  std::vector<Flight::Seat> others;
  {
    std::lock_guard lock(mutex_);
    ticket.flight->leader = 0;
    for (const Flight::Seat& seat : ticket.flight->seats)
      if (seat.number != ticket.seat) others.push_back(seat);
  }
  for (const Flight::Seat& seat : others) tell(seat, {FlightNews::What::called, {Value(), {}, {}}});
  return ticket.flight->cancel;
}

void Flights::land(const Ticket& ticket, const CallResult& call) {
  std::vector<Flight::Seat> waiting;
  {
    std::lock_guard lock(mutex_);
    ticket.flight->landed = true;
    ticket.flight->leader = 0;
    remove(*ticket.flight);
    for (Flight::Seat& seat : ticket.flight->seats)
      if (seat.number != ticket.seat) waiting.push_back(std::move(seat));
    ticket.flight->seats.clear();
  }
  for (const Flight::Seat& seat : waiting) tell(seat, {FlightNews::What::landed, call});
}

void Flights::leave(Ticket& ticket) {
  const std::shared_ptr<Flight> flight = std::exchange(ticket.flight, nullptr);
  if (!flight) return;
  std::optional<Flight::Seat> next_leader;
  bool abandoned = false;
  {
    std::lock_guard lock(mutex_);
    if (flight->landed) return;
    std::erase_if(flight->seats, [&](const Flight::Seat& seat) { return seat.number == ticket.seat; });
    abandoned = flight->seats.empty();
    if (abandoned) {
      remove(*flight);
    } else if (flight->leader == ticket.seat) {
      flight->leader = flight->seats.front().number;
      next_leader = flight->seats.front();
    }
  }
  if (abandoned) flight->cancel.cancel();
  if (next_leader) tell(*next_leader, {FlightNews::What::lead, {Value(), {}, {}}});
}

void Flights::detach_all() {
  std::lock_guard lock(mutex_);
  by_key_.clear();
}

size_t Flights::running() const {
  std::lock_guard lock(mutex_);
  return by_key_.size();
}

void Flights::remove(const Flight& flight) {
  const auto found = by_key_.find(flight.key);
  if (found != by_key_.end() && found->second.get() == &flight) by_key_.erase(found);
}

}  // namespace dormouse
