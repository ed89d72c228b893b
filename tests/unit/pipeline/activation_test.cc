#include "pipeline/activation.h"

#include <catch2/catch.hpp>

#include "unit/pipeline/by_hand.h"

using namespace dormouse;

TEST_CASE("a node that stops cancels its children and theirs") {
  OuterAndInner t;
  t.hang();
  Activation& outer = t.begin_first("outer");
  Activation& middle = t.begin_child(outer, "outer");
  t.begin_child(middle, "inner");
  t.go_on();
  REQUIRE(t.b.hanging() == 1);
  outer.stop(0);
  CHECK(t.b.last_options.cancel.cancelled());
  CHECK(t.request.activations.find(1) == nullptr);
  CHECK(t.request.activations.find(2) == nullptr);
  CHECK(outer.is_running());  // that is for its kind to say
}

TEST_CASE("what comes back for a cancelled child is stale also when another one has its number") {
  OuterAndInner t;
  t.hang();
  Activation& outer = t.begin_first("outer");
  t.begin_child(outer, "inner");
  t.go_on();
  outer.stop(0);
  Activation& next = t.begin_child_of(outer, 0, "inner");
  t.go_on();
  REQUIRE(t.request.activations.find(1) == &next);
  REQUIRE(t.b.hanging() == 2);
  t.b.answer_one(text_map({{"text", "of the first"}}));
  CHECK(t.deliver() == 1);
  CHECK(next.is_running());
  t.b.answer_one(text_map({{"text", "of the second"}}));
  CHECK(t.deliver() == 0);
  CHECK(t.text_of_output(outer) == R"({"text":"of the second"})");
}

TEST_CASE("the first child that ends ends the node and the others are cancelled") {
  OuterAndInner t;
  t.hang();
  Activation& outer = t.begin_first("outer");
  t.begin_child(outer, "inner");
  t.begin_child_of(outer, 0, "inner");
  t.go_on();
  t.b.answer_one(text_map({{"text", "first"}}));
  CHECK(t.deliver() == 0);
  CHECK_FALSE(outer.is_running());
  CHECK(t.b.last_options.cancel.cancelled());  // of the second
  CHECK(t.traced() == "one: ok, one: cancelled, first: ok, second: ok");
}

TEST_CASE("an activation that has ended is refused what comes back") {
  OuterAndInner t;
  Activation& outer = t.begin_first("outer");
  const Address before = outer.address(1);
  t.go_on();
  CHECK_FALSE(outer.has(before));
  CHECK_FALSE(outer.has(outer.address(1)));
}

TEST_CASE("a child reads what its parent gave it behind its own nodes") {
  OuterAndInner t;
  Expression& output = t.pipeline("inner").plan.graph.output;
  REQUIRE(output.kind == Expression::Kind::reference);
  output.reference.node = 1;  // it has one node of its own
  Activation& outer = t.begin_first("outer");
  t.begin_child(outer, "inner", {text_map({{"text", "from outside"}})});
  t.go_on();
  CHECK(t.text_of_output(outer) == R"({"text":"from outside"})");
}

TEST_CASE("a child finds the rows of components that its request holds already") {
  OuterAndInner t;
  Activation& outer = t.begin_first("outer");
  Activation& middle = t.begin_child(outer, "outer");
  Activation& inner = t.begin_child(middle, "inner");
  CHECK(outer.row(0) == 0);
  CHECK(middle.row(0) == 0);  // a
  CHECK(inner.row(0) == 1);   // b, which only the inner graph calls
}

TEST_CASE("a child loads what nobody held when it needs it") {
  OuterAndInner t;
  t.b.ready = false;
  Activation& outer = t.begin_first("outer");
  CHECK(t.b.waiting() == 0);
  Activation& inner = t.begin_child(outer, "inner");
  t.go_on();
  REQUIRE(t.b.waiting() == 1);
  CHECK(inner.open_stages() == "'one' (loading)");
  outer.stop(0);
  CHECK(t.b.wanted() == 0);
}

TEST_CASE("an activation that is given back is the next one that is taken") {
  OuterAndInner t;
  ActivationPtr taken = t.take("inner");
  const Activation* const one = taken.get();
  const ActivationPtr two = t.take("inner");
  CHECK(two.get() != one);
  taken.reset();
  CHECK(t.take("inner").get() == one);
  CHECK(t.take("outer").get() != one);
}

TEST_CASE("an activation that is used again remembers nothing of its last run") {
  OuterAndInner t;
  t.scripts(
      "return { dm.pipeline('outer', { input = { text = 'string' },\n"
      "  dm.stage('first', { component = 'a', optional = true, input = ref.request }),\n"
      "  output = ref.first:default({ text = 'nothing' }) }),\n"
      "dm.pipeline('inner', { input = { text = 'string' },\n"
      "  dm.stage('one', { component = 'b', input = ref.request }), output = ref.one }) }");
  t.b.answer = [](const Value&) -> Result<Value> { return Status(Code::unavailable, "out of order"); };
  Activation& outer = t.begin_first("outer");
  const Activation* const inner = &t.begin_child(outer, "inner");
  t.go_on();
  CHECK(t.text_of_output(outer) == R"({"text":"nothing"})");
  t.b.answer = [](const Value&) -> Result<Value> { return text_map({{"text", "well"}}); };
  t.first.reset();
  t.request.activations.clear();
  t.request.leases.clear();
  Activation& again = t.begin_first("outer");
  CHECK(&t.begin_child(again, "inner") == inner);
  t.go_on();
  CHECK(t.text_of_output(again) == R"({"text":"well"})");
}

TEST_CASE("a request has a bound of activations that run at the same time") {
  OuterAndInner t;
  t.hang();
  Activation& outer = t.begin_first("outer");
  for (size_t i = 1; i < kActivationsPerRequestMax; ++i) t.begin_child_of(outer, 0, "inner");
  const Status refused = outer.begin_child(0, t.take("inner"), t.hello, {});
  CHECK(refused.code() == Code::resource_exhausted);
  CHECK(refused.error().object == "stage outer/first");
  outer.stop(0);
  CHECK(outer.begin_child(0, t.take("inner"), t.hello, {}).ok());
}
