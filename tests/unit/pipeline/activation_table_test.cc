#include "pipeline/activation_table.h"

#include <catch2/catch.hpp>

#include "unit/pipeline/by_hand.h"

using namespace dormouse;

namespace {

struct Three {
  GraphPlan plan;
  Activation a{plan}, b{plan}, c{plan};
  ActivationTable table;

  Three() {
    table.add_first(a);
    table.add(b);
    table.add(c);
  }
};

}  // namespace

TEST_CASE("the first activation of a request has number 0 and a number that is free is used again") {
  Three t;
  CHECK(t.table.find(0) == &t.a);
  t.table.remove(1);
  CHECK(t.table.find(1) == nullptr);
  Activation next(t.plan);
  CHECK(t.table.add(next) == 1);
  CHECK(t.table.find(3) == nullptr);
  CHECK(t.table.numbers() == 3);
}

TEST_CASE("nodes begin in the order in which they became ready") {
  Three t;
  t.table.may_begin(t.a, 4);
  t.table.may_begin(t.b, 2);
  const auto one = t.table.next_ready();
  REQUIRE(one);
  CHECK(one->activation == &t.a);
  CHECK(one->node == 4);
  t.table.may_begin(t.a, 5);
  CHECK(t.table.next_ready()->activation == &t.b);
  CHECK(t.table.next_ready()->node == 5);
  CHECK_FALSE(t.table.next_ready());
}

TEST_CASE("an activation that is gone has nothing left to be done") {
  Three t;
  t.table.may_begin(t.b, 1);
  t.table.may_begin(t.c, 1);
  t.table.has_ended(t.b);
  t.table.remove(1);
  CHECK(t.table.next_ended() == nullptr);
  CHECK(t.table.next_ready()->activation == &t.c);
  CHECK_FALSE(t.table.next_ready());
}

TEST_CASE("activations that have ended come out in order and once") {
  Three t;
  t.table.has_ended(t.c);
  t.table.has_ended(t.b);
  CHECK(t.table.next_ended() == &t.c);
  CHECK(t.table.next_ended() == &t.b);
  CHECK(t.table.next_ended() == nullptr);
}

TEST_CASE("an attempt is never 0 and never the same") {
  Three t;
  const uint32_t one = t.table.next_attempt();
  CHECK(one != 0);
  CHECK(t.table.next_attempt() != one);
}
