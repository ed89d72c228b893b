#include "components/idle_policy.h"

#include <catch2/catch.hpp>

using namespace dormouse;
using namespace std::chrono_literals;

namespace {

PoolPolicy ladder() {
  PoolPolicy policy;
  policy.idle_trim = 10s;
  policy.idle_park = 30s;
  policy.idle_unload = 60s;
  return policy;
}

IdleFacts idle_for(Duration idle) {
  IdleFacts facts;
  facts.state = State::ready;
  facts.idle = idle;
  facts.ready_for = 1h;
  return facts;
}

}  // namespace

TEST_CASE("each rung comes when its time has passed and not before") {
  CHECK(decide_idle(idle_for(9s), ladder()).step == IdleStep::none);
  CHECK(decide_idle(idle_for(10s), ladder()).step == IdleStep::trim);
  CHECK(decide_idle(idle_for(30s), ladder()).step == IdleStep::park);
  CHECK(decide_idle(idle_for(60s), ladder()).step == IdleStep::unload);
}

TEST_CASE("before a rung is due the policy says when to look again") {
  CHECK(decide_idle(idle_for(4s), ladder()).look_again_in == Duration(6s));
  IdleFacts trimmed = idle_for(12s);
  trimmed.state = State::trimmed;
  CHECK(decide_idle(trimmed, ladder()).look_again_in == Duration(18s));
}

TEST_CASE("a leased component is never taken down however long ago the last lease ended") {
  IdleFacts facts = idle_for(10h);
  facts.leases = 1;
  CHECK(decide_idle(facts, ladder()).step == IdleStep::none);
  CHECK(decide_idle(facts, ladder()).look_again_in == Duration(10s));
}

TEST_CASE("a pinned component has no idle clock") {
  IdleFacts facts = idle_for(10h);
  facts.pinned = true;
  CHECK(decide_idle(facts, ladder()).step == IdleStep::none);
  CHECK_FALSE(decide_idle(facts, ladder()).look_again_in);
}

TEST_CASE("minimum residency holds closing back but not trimming") {
  PoolPolicy policy = ladder();
  policy.min_residency = 100s;
  IdleFacts facts = idle_for(70s);
  facts.ready_for = 80s;
  CHECK(decide_idle(facts, policy).step == IdleStep::trim);
  facts.state = State::trimmed;
  CHECK(decide_idle(facts, policy).step == IdleStep::none);
  CHECK(decide_idle(facts, policy).look_again_in == Duration(20s));
}

TEST_CASE("what cannot be unmapped is parked when it would be unloaded") {
  PoolPolicy policy;
  policy.idle_unload = 60s;
  IdleFacts facts = idle_for(61s);
  facts.safety = SafetyClass::park;
  CHECK(decide_idle(facts, policy).step == IdleStep::park);
  facts.state = State::parked;
  CHECK(decide_idle(facts, policy).step == IdleStep::none);
  CHECK_FALSE(decide_idle(facts, policy).look_again_in);
}

TEST_CASE("rungs without a time never come") {
  PoolPolicy policy;
  policy.idle_unload.reset();
  CHECK(decide_idle(idle_for(1000h), policy).step == IdleStep::none);
  CHECK_FALSE(decide_idle(idle_for(1000h), policy).look_again_in);
}

TEST_CASE("a zero idle time takes a component down as soon as nobody uses it") {
  PoolPolicy policy;
  policy.idle_unload = 0s;
  CHECK(decide_idle(idle_for(0s), policy).step == IdleStep::unload);
}
