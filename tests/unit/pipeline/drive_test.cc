#include "pipeline/drive.h"

#include <catch2/catch.hpp>

#include "unit/pipeline/by_hand.h"

using namespace dormouse;

TEST_CASE("nodes begin in order until nothing is left") {
  OuterAndInner t;
  Activation& outer = t.begin_first("outer");
  t.go_on();
  CHECK_FALSE(outer.is_running());
  CHECK(t.a.calls == 2);
  CHECK(t.text_of_output(outer) == R"({"text":"hello"})");
}

TEST_CASE("what a child comes to is the result of the node that began it") {
  OuterAndInner t;
  Activation& outer = t.begin_first("outer");
  t.begin_child(outer, "inner");
  CHECK(t.b.calls == 0);  // it begins when the request goes on
  t.go_on();
  CHECK(t.b.inputs == std::vector<std::string>{R"({"text":"hello"})"});
  CHECK(t.a.inputs == std::vector<std::string>{R"({"text":"from inside"})"});  // the second stage alone
  CHECK_FALSE(outer.is_running());
  CHECK_FALSE(t.request.finished);
  CHECK(t.traced() == "one: ok, first: ok, second: ok");
}

TEST_CASE("a child that fails is an error of its node and the fallback of that node stands for it") {
  OuterAndInner t("fallback = { text = 'instead' }");
  t.b.answer = [](const Value&) -> Result<Value> { return Status(Code::unavailable, "out of order"); };
  Activation& outer = t.begin_first("outer");
  t.begin_child(outer, "inner");
  t.go_on();
  CHECK_FALSE(t.request.finished);
  CHECK(t.text_of_output(outer) == R"({"text":"instead"})");
  CHECK(t.traced() == "one: error, first: fallback, second: ok");
  CHECK(t.request.degraded);
}

TEST_CASE("a child that fails a node without a fallback fails the request and both stages are named") {
  OuterAndInner t;
  t.b.answer = [](const Value&) -> Result<Value> { return Status(Code::unavailable, "out of order"); };
  t.begin_child(t.begin_first("outer"), "inner");
  t.go_on();
  REQUIRE(t.request.finished);
  CHECK(t.request.failure.code() == Code::unavailable);
  CHECK(t.request.failure.error().object == "stage outer/first, stage inner/one");
  CHECK(t.request.fault == FaultOf::component);
  CHECK(t.a.calls == 0);
}

TEST_CASE("a failed child begins none of its other stages") {
  OuterAndInner t;
  t.scripts(
      "return { dm.pipeline('outer', { input = { text = 'string' },\n"
      "  dm.stage('first', { component = 'a', optional = true, input = ref.request }),\n"
      "  output = ref.first:default({ text = 'nothing' }) }),\n"
      "dm.pipeline('inner', { input = { text = 'string' },\n"
      "  dm.stage('bad', { component = 'b', input = ref.request }),\n"
      "  dm.stage('other', { component = 'a', input = ref.request }),\n"
      "  output = { ref.bad.text, ref.other.text } }) }");
  t.b.answer = [](const Value&) -> Result<Value> { return Status(Code::unavailable, "out of order"); };
  Activation& outer = t.begin_first("outer");
  t.begin_child(outer, "inner");
  t.go_on();
  CHECK(t.a.calls == 0);
  CHECK(t.traced() == "bad: error, first: error");
  CHECK(t.text_of_output(outer) == R"({"text":"nothing"})");
}

TEST_CASE("a child that waits is gone on with when its call comes back") {
  OuterAndInner t;
  t.hang();
  Activation& outer = t.begin_first("outer");
  t.begin_child(outer, "inner");
  t.go_on();
  CHECK(outer.is_running());
  t.b.answer_one(text_map({{"text", "late"}}));
  CHECK(t.deliver() == 0);
  CHECK_FALSE(outer.is_running());
  CHECK(t.text_of_output(outer) == R"({"text":"late"})");
}

TEST_CASE("a graph without nodes ends as soon as the request goes on") {
  OuterAndInner t;
  t.scripts(
      "return { dm.pipeline('outer', { input = { text = 'string' },\n"
      "  dm.stage('first', { component = 'a', input = ref.request }), output = ref.first }),\n"
      "dm.pipeline('inner', { input = { text = 'string' }, output = ref.request }) }");
  Activation& outer = t.begin_first("outer");
  t.begin_child(outer, "inner");
  CHECK(outer.is_running());
  t.go_on();
  CHECK_FALSE(outer.is_running());
  CHECK(t.text_of_output(outer) == R"({"text":"hello"})");
}
