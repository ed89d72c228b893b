// What came back to a loop, in order, for tests of what sends it.
#pragma once

#include <utility>
#include <vector>

#include "pipeline/arrivals.h"

namespace dormouse {

struct FakeArrivals final : Arrivals {
  std::vector<std::pair<Address, CallResult>> called;
  std::vector<std::pair<Address, Result<Lease>>> function_leases, held_leases;
  std::vector<std::pair<Address, FlightNews>> flights;
  std::vector<std::pair<Address, uint8_t>> timers;
  std::vector<std::pair<Address, FunctionSlot>> turns;

  void on_called(const Address& at, CallResult&& result) override { called.emplace_back(at, std::move(result)); }
  void on_function_lease(const Address& at, Result<Lease> lease) override {
    function_leases.emplace_back(at, std::move(lease));
  }
  void on_held_lease(const Address& at, Result<Lease> lease) override {
    held_leases.emplace_back(at, std::move(lease));
  }
  void on_flight(const Address& at, const FlightNews& news) override { flights.emplace_back(at, news); }
  void on_timer(const Address& at, uint8_t wrapper) override { timers.emplace_back(at, wrapper); }
  void on_turn(const Address& at, FunctionSlot slot) override { turns.emplace_back(at, slot); }
};

}  // namespace dormouse
