#include "cache/flights.h"

#include <catch2/catch.hpp>

#include "support/manual_loop.h"

using namespace dormouse;

namespace {

Value number(int64_t n) {
  ValueWriter writer;
  writer.integer(n);
  return *writer.finish();
}

struct Passengers {
  ManualClock clock;
  ManualLoop loop{clock};
  Flights flights;

  struct One {
    Flights::Ticket ticket;
    Flights::Role role;
    std::shared_ptr<std::string> heard = std::make_shared<std::string>();
  };
  One join(const std::string& key) {
    One one;
    one.role = flights.join(
        key, loop,
        [heard = one.heard](const FlightNews& news) {
          switch (news.what) {
            case FlightNews::What::lead:
              return void(*heard += "lead ");
            case FlightNews::What::called:
              return void(*heard += "called ");
            case FlightNews::What::landed:
              *heard += news.call.value.ok() ? to_debug_string(news.call.value->view()) : "failed";
              return void(*heard += ' ');
          }
        },
        one.ticket);
    return one;
  }
  std::string heard(const One& one) {
    loop.run_ready();
    return *one.heard;
  }
};

CallResult landing(Result<Value> value) {
  return {std::move(value), {}, {}};
}

}  // namespace

TEST_CASE("the first to ask leads and the others wait") {
  Passengers p;
  const auto a = p.join("k"), b = p.join("k"), other = p.join("another");
  CHECK(a.role == Flights::Role::lead);
  CHECK(b.role == Flights::Role::wait);
  CHECK(other.role == Flights::Role::lead);
  CHECK(p.flights.running() == 2);
}

TEST_CASE("what the leader made is told to all who wait and to nobody twice") {
  Passengers p;
  auto a = p.join("k"), b = p.join("k"), c = p.join("k");
  p.flights.land(a.ticket, landing(number(7)));
  p.flights.leave(a.ticket);
  CHECK(p.heard(a).empty());
  CHECK(p.heard(b) == "7 ");
  CHECK(p.heard(c) == "7 ");
  CHECK(p.flights.running() == 0);
  CHECK(p.join("k").role == Flights::Role::lead);
}

TEST_CASE("a failure is a failure for all who waited") {
  Passengers p;
  auto a = p.join("k"), b = p.join("k");
  p.flights.land(a.ticket, landing(Status(Code::unavailable, "out of order")));
  CHECK(p.heard(b) == "failed ");
}

TEST_CASE("news are told on the loop of whoever waits and never inside of what another does") {
  Passengers p;
  auto a = p.join("k"), b = p.join("k");
  p.flights.land(a.ticket, landing(number(1)));
  CHECK(b.heard->empty());
  CHECK(p.heard(b) == "1 ");
}

TEST_CASE("a leader who leaves before any call hands over to the next") {
  Passengers p;
  auto a = p.join("k"), b = p.join("k"), c = p.join("k");
  p.flights.leave(a.ticket);
  CHECK(p.heard(b) == "lead ");
  CHECK(p.heard(c).empty());
  p.flights.leave(b.ticket);
  CHECK(p.heard(c) == "lead ");
  CHECK(p.join("k").role == Flights::Role::wait);
}

TEST_CASE("a leader appointed while he was leaving passes it on") {
  Passengers p;
  auto a = p.join("k"), b = p.join("k"), c = p.join("k");
  p.flights.leave(a.ticket);
  p.flights.leave(b.ticket);  // before it heard
  CHECK(p.heard(c) == "lead ");
}

TEST_CASE("a call that is the flight's goes on when its leader leaves and is cancelled when nobody waits") {
  Passengers p;
  auto a = p.join("k"), b = p.join("k");
  const CancelToken token = p.flights.take_over(a.ticket);
  CHECK(p.heard(b) == "called ");
  auto late = p.join("k");
  CHECK(late.role == Flights::Role::wait_called);
  const Flights::Ticket seat = a.ticket;
  p.flights.leave(a.ticket);
  CHECK(p.heard(b) == "called ");  // nobody is asked to lead: it is under way
  p.flights.leave(late.ticket);
  CHECK_FALSE(token.cancelled());
  p.flights.leave(b.ticket);
  CHECK(token.cancelled());
  CHECK(p.flights.running() == 0);
  p.flights.land(seat, landing(number(1)));  // what comes all the same is told to nobody
  CHECK(p.heard(b) == "called ");
}

TEST_CASE("an abandoned flight is not joined by whoever asks next") {
  Passengers p;
  auto a = p.join("k");
  p.flights.take_over(a.ticket);
  const Flights::Ticket old = a.ticket;
  p.flights.leave(a.ticket);
  auto b = p.join("k");
  CHECK(b.role == Flights::Role::lead);
  p.flights.land(old, landing(number(1)));
  CHECK(p.heard(b).empty());
  CHECK(p.flights.running() == 1);
}

TEST_CASE("after a purge running flights land for those who wait and nobody joins them") {
  Passengers p;
  auto a = p.join("k"), b = p.join("k");
  p.flights.detach_all();
  auto fresh = p.join("k");
  CHECK(fresh.role == Flights::Role::lead);
  p.flights.land(a.ticket, landing(number(1)));
  CHECK(p.heard(b) == "1 ");
  CHECK(p.heard(fresh).empty());
  CHECK(p.join("k").role == Flights::Role::wait);
}

TEST_CASE("a seat is given back once") {
  Passengers p;
  auto a = p.join("k"), b = p.join("k");
  p.flights.leave(a.ticket);
  p.flights.leave(a.ticket);
  CHECK_FALSE(a.ticket);
  CHECK(p.heard(b) == "lead ");
}
