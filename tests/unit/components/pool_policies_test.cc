#include "components/pool_policies.h"

#include <catch2/catch.hpp>

using namespace dormouse;

TEST_CASE("a component without a policy of its own has that of the star and else the defaults") {
  PoolPolicies policies;
  CHECK(policies.of("a").max_instances == PoolPolicy().max_instances);
  policies.set({{"*", {.max_instances = 7}}, {"a", {.max_instances = 9}}});
  CHECK(policies.of("a").max_instances == 9);
  CHECK(policies.of("b").max_instances == 7);
  policies.set({});
  CHECK(policies.of("a").max_instances == PoolPolicy().max_instances);
}
