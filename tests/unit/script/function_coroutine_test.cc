#include "script/function_coroutine.h"

#include <catch2/catch.hpp>

#include "script/script_run.h"
#include "support/manual_loop.h"
#include "unit/pipeline/fake_components.h"

using namespace dormouse;

namespace {

using Failed = FunctionCoroutine::Failed;

// One stage `f` with one function, in a state of its own, without anything that runs pipelines.
struct OneFunction {
  ManualClock clock;
  ManualLoop loop{clock};
  FakeComponents components{loop};
  FakeComponent& a = components.add("a", "{text: string}", "{text: string}");
  LoopScripts scripts;
  Graph graph;
  Value request = text_map({{"text", "hello"}});
  std::vector<Value> values{Value()};
  CallOptions options;
  RequestCtx ctx;
  ValueWriter writer;
  FunctionScope scope{1, graph, 0, request, values, components, options, clock, nullptr};
  FunctionCoroutine function;

  explicit OneFunction(const std::string& body, FunctionSlot slot = kRunSlot) {
    const ScriptLimits limits;
    scripts.state = std::move(*make_script_state(limits, scripts.host));
    const std::string given =
        slot == kRunSlot ? "run = function(ctx) " : "component = 'a', fallback = function(ctx, e) ";
    const SourceText source("t.lua",
                            "local dm = require 'dormouse'; return dm.pipeline('p', { input = { text = 'string' }, "
                            "dm.stage('f', { " +
                                given + body + " end }), output = dm.ref.f })");
    ScriptDescription description;
    ScriptErrors errors;
    REQUIRE(run_script(*scripts.state, scripts.host, source, ScriptKind::pipelines, limits, description, errors));
    REQUIRE(errors.empty());
    scripts.functions = {description.pipelines.at(0)->stages.at(0)->functions[slot]};
    graph.name = "p";
    graph.input = *Type::parse("{text: string}");
    graph.nodes.resize(1);
    graph.nodes[0].name = graph.nodes[0].path = "f";
    graph.nodes[0].output = *Type::parse("any");
    graph.nodes[0].functions[slot] = 0;
    REQUIRE(function.open(scripts, slot).ok());
  }
  ~OneFunction() {
    function.close(scripts, std::chrono::seconds(1));
    ctx.let_go(scripts);
    components.forget_all();
  }
  FunctionCoroutine::Entry entry(Duration cpu_max = std::chrono::seconds(1)) {
    return {scripts, ctx, scope, cpu_max, writer};
  }
  FunctionCoroutine::Step begin(const Status& replaced = Status()) { return function.begin(entry(), replaced); }
};

}  // namespace

TEST_CASE("a function that returns is a value") {
  OneFunction t("return { said = ctx.request.text }");
  const auto step = t.begin();
  REQUIRE(std::holds_alternative<Value>(step));
  CHECK(to_debug_string(std::get<Value>(step).view()) == R"({"said":"hello"})");
}

TEST_CASE("a call that has to wait is given as data and goes on with its answer") {
  OneFunction t("local r = ctx:call('a', nil, { text = 'ask' }); return { said = r.text }");
  t.a.ready = false;
  auto step = t.begin();
  REQUIRE(std::holds_alternative<FunctionCall>(step));
  const FunctionCall call = std::get<FunctionCall>(step);
  CHECK(call.callee == &t.a);
  CHECK(call.method.empty());
  CHECK(to_debug_string(call.input.view()) == R"({"text":"ask"})");
  CHECK(t.a.waiting() == 0);  // it makes no demand itself
  step = t.function.go_on(t.entry(), text_map({{"text", "answer"}}));
  REQUIRE(std::holds_alternative<Value>(step));
  CHECK(to_debug_string(std::get<Value>(step).view()) == R"({"said":"answer"})");
}

TEST_CASE("a call that runs inline is made at once") {
  OneFunction t("return ctx:call('a', nil, { text = 'ask' })");
  CHECK(std::holds_alternative<Value>(t.begin()));
  CHECK(t.a.calls == 1);
}

TEST_CASE("a failure that a function passes on is not the fault of its script") {
  OneFunction t("return ctx:call('a', nil, { text = 'ask' })");
  t.a.ready = false;
  REQUIRE(std::holds_alternative<FunctionCall>(t.begin()));
  const auto step = t.function.go_on(t.entry(), Status(Code::unavailable, "away"));
  REQUIRE(std::holds_alternative<Failed>(step));
  CHECK(std::get<Failed>(step).status.code() == Code::unavailable);
  CHECK_FALSE(std::get<Failed>(step).by_script);
}

TEST_CASE("an error that a function raises is the fault of its script") {
  OneFunction t("error('no')");
  const auto step = t.begin();
  REQUIRE(std::holds_alternative<Failed>(step));
  CHECK(std::get<Failed>(step).by_script);
  CHECK_FALSE(std::get<Failed>(step).used_up_cpu);
  CHECK(std::get<Failed>(step).status.error().object == "stage p/f");
}

TEST_CASE("a function that never ends says that it used up its CPU time") {
  OneFunction t("while true do end");
  const auto step = t.function.begin(t.entry(std::chrono::milliseconds(20)), Status());
  REQUIRE(std::holds_alternative<Failed>(step));
  CHECK(std::get<Failed>(step).used_up_cpu);
  CHECK(std::get<Failed>(step).by_script);
}

TEST_CASE("a yield that is no call is a fault of the script") {
  OneFunction t("coroutine.yield(1)");
  const auto step = t.begin();
  REQUIRE(std::holds_alternative<Failed>(step));
  CHECK(std::get<Failed>(step).by_script);
}

TEST_CASE("a fallback function is given what it stands for") {
  OneFunction t("return { code = e.code }", kFallbackSlot);
  const auto step = t.begin(Status(Code::unavailable, "away"));
  REQUIRE(std::holds_alternative<Value>(step));
  CHECK(to_debug_string(std::get<Value>(step).view()) == R"({"code":"unavailable"})");
}

TEST_CASE("a value that does not fit its place is a fault of the script") {
  OneFunction t("return { text = 1 }", kFallbackSlot);
  t.graph.nodes[0].output = *Type::parse("{text: string}");
  const auto step = t.begin(Status(Code::unavailable, "away"));
  REQUIRE(std::holds_alternative<Failed>(step));
  CHECK(std::get<Failed>(step).by_script);
  CHECK(std::get<Failed>(step).status.error().message.starts_with("its function returned what cannot be used"));
}

TEST_CASE("a function that is closed while it waits runs what it has to close and no more") {
  OneFunction t(
      "local r <close> = setmetatable({}, { __close = function() ctx:call('a', nil, { text = 'closed' }) end });"
      "ctx:call('a', nil, { text = 'first' }); ctx:call('a', nil, { text = 'never' })");
  t.a.ready = false;
  REQUIRE(std::holds_alternative<FunctionCall>(t.begin()));
  t.function.close(t.scripts, std::chrono::seconds(1));
  CHECK(t.a.calls == 0);
  CHECK(t.scripts.host.running == nullptr);
}
