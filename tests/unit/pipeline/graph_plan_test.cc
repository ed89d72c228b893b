#include "pipeline/graph_plan.h"

#include <catch2/catch.hpp>

#include "unit/pipeline/by_hand.h"

using namespace dormouse;
using namespace std::chrono_literals;

TEST_CASE("each node has its part of the one block of wrappers") {
  ByHand t;
  t.components->add("a", "{text: string}", "{text: string}");
  t.scripts(
      "return dm.pipeline('p', { input = { text = 'string' },\n"
      "  dm.stage('both', { component = 'a', input = ref.request, timeout = '25ms', fallback = { text = '' } }),\n"
      "  dm.stage('none', { component = 'a', input = ref.both }),\n"
      "  dm.stage('one', { component = 'a', input = ref.none, timeout = '30ms' }),\n"
      "  output = ref.one })");
  const GraphPlan& plan = t.pipeline("p").plan;
  REQUIRE(plan.wrappers.size() == 3);
  CHECK(plan.nodes[0].first_wrapper == 0);
  CHECK(plan.nodes[0].wrappers == 2);
  CHECK(plan.nodes[1].wrappers == 0);
  CHECK(plan.nodes[2].first_wrapper == 2);
  CHECK(plan.nodes[2].wrappers == 1);
  CHECK(std::get<Timeout::Plan>(plan.wrappers[2]).allowed == 30ms);
  for (const NodePlan& node : plan.nodes) CHECK_FALSE(node.wrapper_always_takes_part);

  const ActivationPtr activation = t.take("p");
  CHECK(activation->wrappers(0).size() == 2);
  CHECK(activation->wrappers(1).empty());
  CHECK(std::holds_alternative<Timeout>(activation->wrappers(2)[0]));
}
