#include "pipeline/calls/fallback.h"

#include <catch2/catch.hpp>

#include "unit/pipeline/fake_components.h"
#include "unit/pipeline/fake_wrapped.h"

using namespace dormouse;

namespace {

Ending broken() {
  return Ending::failed(Status(Code::unavailable, "out of order"), FaultOf::component, Ending::Says::result);
}

}  // namespace

TEST_CASE("a node without a fallback has no plan of one") {
  Node node;
  CHECK_FALSE(Fallback::planned(node, {}));
  node.fallback = text_map({{"text", "instead"}});
  CHECK(Fallback::planned(node, {}));
  node.fallback = Value();
  node.functions[kFallbackSlot] = 0;
  CHECK(Fallback::planned(node, {}));
}

TEST_CASE("a value stands for what failed and the error is kept") {
  FakeWrapped stage;
  const Fallback::Plan plan{text_map({{"text", "instead"}})};
  Fallback fallback(plan);
  Ending ending = broken();
  CHECK(fallback.leave(stage, ending) == PassOn::out);
  CHECK(ending.outcome == Outcome::fallback);
  CHECK(to_debug_string(ending.value.view()) == R"({"text":"instead"})");
  CHECK(ending.error.code() == Code::unavailable);
}

TEST_CASE("what ended well passes a fallback by") {
  FakeWrapped stage;
  const Fallback::Plan plan{text_map({{"text", "instead"}})};
  Fallback fallback(plan);
  Ending ending = Ending::ok(text_map({{"text", "well"}}));
  CHECK(fallback.leave(stage, ending) == PassOn::out);
  CHECK(ending.outcome == Outcome::ok);
  CHECK(to_debug_string(ending.value.view()) == R"({"text":"well"})");
}

TEST_CASE("a function stands in and its value is the fallback with the first error") {
  FakeWrapped stage;
  const Fallback::Plan plan{};
  Fallback fallback(plan);
  CHECK(fallback.stands_for() == nullptr);
  Ending ending = broken();
  CHECK(fallback.leave(stage, ending) == PassOn::by_function);
  REQUIRE(fallback.stands_for() != nullptr);
  CHECK(fallback.stands_for()->code() == Code::unavailable);
  ending = Ending::ok(text_map({{"text", "made"}}));
  CHECK(fallback.leave(stage, ending) == PassOn::out);
  CHECK(ending.outcome == Outcome::fallback);
  CHECK(ending.error.code() == Code::unavailable);
  CHECK(fallback.stands_for() == nullptr);
}

TEST_CASE("a function that fails as well is the error of the stage") {
  FakeWrapped stage;
  const Fallback::Plan plan{};
  Fallback fallback(plan);
  Ending ending = broken();
  REQUIRE(fallback.leave(stage, ending) == PassOn::by_function);
  ending = Ending::failed(Status(Code::internal, "and this too"), FaultOf::script, Ending::Says::nothing);
  CHECK(fallback.leave(stage, ending) == PassOn::out);
  CHECK(ending.outcome == Outcome::error);
  CHECK(ending.error.code() == Code::internal);
}

TEST_CASE("a fallback that was stopped is as new") {
  FakeWrapped stage;
  const Fallback::Plan plan{};
  Fallback fallback(plan);
  Ending ending = broken();
  REQUIRE(fallback.leave(stage, ending) == PassOn::by_function);
  fallback.stop(stage.loop);
  CHECK(fallback.stands_for() == nullptr);
  ending = broken();
  CHECK(fallback.leave(stage, ending) == PassOn::by_function);
}
