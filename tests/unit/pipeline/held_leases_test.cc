#include "pipeline/held_leases.h"

#include <catch2/catch.hpp>

#include "unit/pipeline/fake_arrivals.h"
#include "unit/pipeline/fake_components.h"

using namespace dormouse;

namespace {

struct TwoHeld {
  ManualClock clock;
  ManualLoop loop{clock};
  FakeComponent a{loop, "a", "any", "any"};
  FakeComponent b{loop, "b", "any", "any"};
  std::vector<Callee*> callees{&a, &b};
  std::vector<uint16_t> users{1, 2};
  std::shared_ptr<FakeArrivals> arrivals = std::make_shared<FakeArrivals>();
  HeldLeases leases;

  TwoHeld() { leases.begin(callees, users); }
  ~TwoHeld() { a.forget_all(), b.forget_all(); }
  void demand(uint16_t component) { leases.demand(component, "request", {*arrivals, loop, {7, 1, 0, 9, 3}}); }
};

}  // namespace

TEST_CASE("a lease that is held serves its last user without asking the component again") {
  TwoHeld t;
  REQUIRE(t.leases.try_hold(0));
  t.a.ready = false;  // it drains: no further lease is to be had
  CHECK(t.leases.take(0));
  CHECK_FALSE(t.leases.take(0));
}

TEST_CASE("the held lease serves when no second one is to be had") {
  TwoHeld t;
  REQUIRE(t.leases.try_hold(1));
  t.b.ready = false;
  CHECK(t.leases.take(1));
  CHECK_FALSE(t.leases.take(1));
}

TEST_CASE("a second user gets a lease of its own while the component gives them") {
  TwoHeld t;
  REQUIRE(t.leases.try_hold(1));
  CHECK(t.leases.take(1));
  t.leases.release_user(1);
  t.b.ready = false;
  CHECK(t.leases.take(1));  // the held one
}

TEST_CASE("what is not callable is not held") {
  TwoHeld t;
  t.a.ready = false;
  CHECK_FALSE(t.leases.try_hold(0));
  CHECK_FALSE(t.leases.is_pending(0));
}

TEST_CASE("a demand comes back on the loop with the component in the address") {
  TwoHeld t;
  t.b.ready = false;
  t.demand(1);
  CHECK(t.leases.is_pending(1));
  t.b.load();
  CHECK(t.arrivals->held_leases.empty());  // posted, not called from the loading thread
  t.loop.run_ready();
  REQUIRE(t.arrivals->held_leases.size() == 1);
  const auto& [at, lease] = t.arrivals->held_leases[0];
  CHECK(lease.ok());
  CHECK(at.slot == 7);
  CHECK(at.generation == 1);
  CHECK(at.node == 1);
  CHECK(t.leases.arrived(1, Lease()));
  CHECK_FALSE(t.leases.is_pending(1));
  t.b.ready = false;
  CHECK(t.leases.take(1));
}

TEST_CASE("a load that fails is remembered for the stages that need it") {
  TwoHeld t;
  t.a.ready = false;
  t.demand(0);
  CHECK(t.leases.failure(0) == nullptr);
  CHECK(t.leases.arrived(0, Status(Code::load_failed, "broken")));
  REQUIRE(t.leases.failure(0) != nullptr);
  CHECK(t.leases.failure(0)->code() == Code::load_failed);
  CHECK_FALSE(t.leases.take(0));
}

TEST_CASE("a lease that no demand waits for is refused") {
  TwoHeld t;
  CHECK_FALSE(t.leases.arrived(0, Lease()));
  CHECK_FALSE(t.leases.arrived(2, Lease()));
}

TEST_CASE("a demand gives its place up with the last stage that wants it") {
  TwoHeld t;
  t.b.ready = false;
  t.demand(1);
  t.leases.release_user(1);
  CHECK(t.b.wanted() == 1);
  t.leases.release_user(1);
  CHECK(t.b.wanted() == 0);
}

TEST_CASE("a lease that comes after its last user has gone is not kept") {
  TwoHeld t;
  t.a.ready = false;
  t.demand(0);
  t.leases.release_user(0);
  CHECK(t.leases.arrived(0, Lease()));
  CHECK_FALSE(t.leases.take(0));
}

TEST_CASE("letting go releases what is held and keeps demands and failures") {
  TwoHeld t;
  REQUIRE(t.leases.try_hold(0));
  t.b.ready = false;
  t.demand(1);
  t.leases.let_go();
  CHECK(t.leases.is_pending(1));
  CHECK(t.b.wanted() == 1);
  t.a.ready = false;
  CHECK_FALSE(t.leases.take(0));
  t.a.ready = true;
  CHECK(t.leases.take(0));  // taken again when it is needed
}

TEST_CASE("a request that held nothing has no users to release") {
  HeldLeases leases;
  leases.release_user(0);
  leases.let_go();
  CHECK_FALSE(leases.arrived(0, Lease()));
}

TEST_CASE("a graph that begins later shares the rows of what others call and has new ones for the rest") {
  TwoHeld t;
  FakeComponent c(t.loop, "c", "any", "any");
  const std::vector<Callee*> callees{&c, &t.a};
  const std::vector<uint16_t> users{1, 1};
  std::vector<uint16_t> rows;
  REQUIRE(t.leases.try_hold(0));
  t.leases.add(callees, users, rows);
  CHECK(rows == std::vector<uint16_t>{2, 0});
  t.leases.release_user(0);
  t.a.ready = false;
  CHECK(t.leases.take(0));  // held for the later graph as well
  CHECK(t.leases.take(2));
}

TEST_CASE("what was let go is asked of the same component again") {
  TwoHeld t;
  REQUIRE(t.leases.try_hold(0));
  t.leases.let_go();
  t.a.ready = false;
  t.demand(0);
  CHECK(t.a.waiting() == 1);
}
