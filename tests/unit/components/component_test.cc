// What everybody may ask of a component, on a fake carrier.
#include "components/component.h"

#include <catch2/catch.hpp>

#include "life_host.h"

using namespace dormouse;
using namespace std::chrono_literals;

TEST_CASE("a component that is not loaded gives no lease and loads for nobody who only looks") {
  LifeHost host;
  CHECK_FALSE(host.component->is_open());
  CHECK_FALSE(host.component->try_acquire());
  CHECK_FALSE(host.component->try_observe());
  host.run();
  CHECK(host.state() == State::absent);
}

TEST_CASE("demand loads once for all who ask and is answered at once when it is loaded") {
  LifeHost host;
  host.carrier.held = {"open"};
  const auto first = host.ask();
  const auto second = host.ask();
  CHECK_FALSE(first->has_value());
  CHECK(host.component->status().waiters == 2);
  REQUIRE(host.carrier.pass());
  host.run();
  REQUIRE(first->has_value());
  REQUIRE(second->has_value());
  CHECK(host.component->status().leases == 2);
  CHECK(host.component->status().waiters == 0);
  bool at_once = false;
  host.component->acquire(Demand{"request", false, [&](Result<Lease> lease) { at_once = lease.ok(); }});
  CHECK(at_once);
  CHECK(host.component->status().generation == 1);
}

TEST_CASE("the end of a use starts the idle clock anew and the end of a look does not") {
  LifeHost host;
  host.acquire().release();
  host.run();
  host.pass(7s);
  CHECK(host.component->status().idle == 7s);
  host.component->try_observe()->release();
  CHECK(host.component->status().idle == 7s);
  host.component->try_acquire()->release();
  CHECK(host.component->status().idle < 7s);
}

TEST_CASE("a status says when an idle component goes and when a failed one is tried again") {
  LifeHost host;
  host.set_policy({.idle_unload = 10s});
  host.acquire().release();
  host.pass(3s);
  CHECK(host.component->status().unload_in == 7s);
  const Lease held = host.acquire();
  CHECK_FALSE(host.component->status().unload_in);

  LifeHost bad;
  bad.carrier.file.open = broken("cut short");
  bad.ask();
  CHECK(bad.state() == State::failed);
  CHECK(bad.component->status().retry_in == LoadBackoff::kFirst);
  bad.pass(400ms);
  CHECK(bad.component->status().retry_in == 600ms);
}

TEST_CASE("the stamp is that of what answered last until the files are others") {
  LifeHost host;
  CHECK(host.component->stamp() == 0);
  host.acquire().release();
  const uint64_t first = host.component->stamp();
  CHECK(first != 0);
  host.request(Verb::unload);
  CHECK(host.component->stamp() == first);
  host.component->notice_files();
  host.run();
  CHECK(host.component->stamp() == first);
  host.carrier.file.content = "v2";
  host.component->notice_files();
  CHECK(host.component->stamp() == first);  // later, on the loop
  host.run();
  CHECK(host.component->stamp() == 0);
  host.acquire().release();
  CHECK(host.component->stamp() != 0);
  CHECK(host.component->stamp() != first);
}

TEST_CASE("what failed is tried at once after an operator has looked") {
  LifeHost host;
  host.carrier.file.open = broken("cut short");
  host.ask();
  host.ask();
  CHECK(host.component->status().generation == 1);  // held back
  host.component->forget_failures();
  host.run();
  host.ask();
  CHECK(host.component->status().generation == 2);
}
