#include "components/incarnation.h"

#include <catch2/catch.hpp>

#include "life_host.h"

using namespace dormouse;
using namespace std::chrono_literals;

TEST_CASE("the end of a lease that came late changes nothing") {
  LifeHost host;
  Lease lease = host.acquire();
  LeaseSlot& slot = host.component->slot(0);
  host.start(Verb::unload, {.wait = 1s});
  lease.release();  // posts that it was the last one
  host.life.reopen({CauseKind::use, "the wait ran out"});
  host.run();
  CHECK(host.state() == State::ready);
  CHECK(slot.gate.is_open());
}

TEST_CASE("loads that overlap say that their memory is an estimate") {
  LifeHost host;
  host.carrier.held = {"open"};
  host.ask();
  const auto other = host.windows.open();
  REQUIRE(host.carrier.pass());
  host.run();
  CHECK(host.component->status().loaded_estimate);
  CHECK(host.windows.close(other));
}

TEST_CASE("a load that waits for a place is given up without a step") {
  LifeHost host;
  for (int i = 0; i < 4; ++i) host.loads.enter([] {});
  const auto load = host.start(Verb::load, {.wait = {}, .dry_run = false, .actor = {"local", 0, ""}});
  REQUIRE(host.verbs.give_up_load(false).ok());
  host.run();
  REQUIRE(load->has_value());
  CHECK((*load)->status.code() == Code::cancelled);
  CHECK(host.carrier.steps.empty());
  CHECK(host.state() == State::unloaded);
}
