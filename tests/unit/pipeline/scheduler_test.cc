#include "pipeline/scheduler.h"

#include <catch2/catch.hpp>

#include "unit/pipeline/script_host.h"

using namespace dormouse;
using namespace std::chrono_literals;

namespace {

struct TwoComponents : ScriptHostFixture {
  FakeComponent& a = components->add("a", "{text: string}", "{text: string}");
  FakeComponent& b = components->add("b", "{text: string}", "{text: string}");

  void pipeline(const std::string& stages, const std::string& more = "") {
    const LoadReport report =
        load("return dm.pipeline('p', { input = { text = 'string' }, " + more + "\n" + stages + "\n})");
    if (!report.errors.empty()) throw std::runtime_error(errors_of(report));
  }
  void chain(const std::string& more_of_a = "", const std::string& more = "") {
    pipeline("dm.stage('one', { component = 'a', input = { text = ref.request.text }, " + more_of_a +
                 " }),\n"
                 "dm.stage('two', { component = 'b', input = { text = ref.one.text } }),\n"
                 "output = { said = ref.two.text }",
             more);
  }
  Value hello = text_map({{"text", "hello"}});
  Status broken = Error{.code = Code::unavailable, .message = "out of order", .object = "component 'a'"};
};

}  // namespace

// ---- outcomes ----

TEST_CASE("outcome ok carries the answer on") {
  TwoComponents t;
  t.chain();
  CHECK(text_of(t.run("p", t.hello).output) == R"({"said":"hello"})");
  CHECK(t.counter("dormouse_stage_outcomes_total", {{"pipeline", "p"}, {"stage", "one"}, {"outcome", "ok"}}) == 1);
}

TEST_CASE("outcome error ends the request and names the stage") {
  TwoComponents t;
  t.chain();
  t.a.answer = [&](const Value&) -> Result<Value> { return t.broken; };
  const PipelineResponse response = t.run("p", t.hello);
  CHECK(response.status.code() == Code::unavailable);
  CHECK(response.status.to_string() == "stage p/one, component 'a': out of order");
  CHECK(outcomes(response) == "one: error");
  CHECK(t.b.calls == 0);
}

TEST_CASE("outcome fallback replaces an error and degrades the response") {
  TwoComponents t;
  t.chain("fallback = { text = 'instead' }");
  t.a.answer = [&](const Value&) -> Result<Value> { return t.broken; };
  const PipelineResponse response = t.run("p", t.hello);
  CHECK(text_of(response.output) == R"({"said":"instead"})");
  CHECK(outcomes(response) == "one: fallback, two: ok");
  CHECK(response.degraded);
  CHECK(response.stages[0].error.code() == Code::unavailable);
}

TEST_CASE("outcome timeout ends a stage that takes too long") {
  TwoComponents t;
  t.a.inline_calls = false;
  t.a.hangs = true;
  t.chain("timeout = '25ms'");
  const auto answer = t.begin("p", t.hello);
  t.loop.advance(24ms);
  CHECK_FALSE(answer->response);
  t.loop.advance(1ms);
  REQUIRE(answer->response);
  CHECK(outcomes(*answer->response) == "one: timeout");
  CHECK(answer->response->status.to_string() == "stage p/one: took longer than its timeout of 25ms");
  CHECK(answer->response->status.code() == Code::deadline_exceeded);
  CHECK(t.a.last_options.cancel.cancelled());
}

TEST_CASE("a timeout goes to the fallback") {
  TwoComponents t;
  t.a.inline_calls = false;
  t.a.hangs = true;
  t.chain("timeout = '25ms', fallback = { text = 'late' }");
  const auto answer = t.begin("p", t.hello);
  t.loop.advance(25ms);
  REQUIRE(answer->response);
  CHECK(text_of(answer->response->output) == R"({"said":"late"})");
  CHECK(outcomes(*answer->response) == "one: fallback, two: ok");
}

TEST_CASE("outcome cancelled is what runs when its request ends") {
  TwoComponents t;
  t.a.inline_calls = false;
  t.a.hangs = true;
  t.chain();
  const auto answer = t.begin("p", t.hello);
  t.loop.run_ready();
  t.engine->cancel(t.last_ticket, t.loop);
  REQUIRE(answer->response);
  CHECK(answer->response->status.code() == Code::cancelled);
  CHECK(outcomes(*answer->response) == "one: cancelled");
  CHECK(t.a.last_options.cancel.cancelled());
}

TEST_CASE("an optional stage may fail and its readers get the default") {
  TwoComponents t;
  t.pipeline(
      "dm.stage('one', { component = 'a', optional = true, input = { text = ref.request.text } }),\n"
      "output = { said = ref.one.text:default('nothing') }");
  t.a.answer = [&](const Value&) -> Result<Value> { return t.broken; };
  const PipelineResponse response = t.run("p", t.hello);
  CHECK(text_of(response.output) == R"({"said":"nothing"})");
  CHECK(outcomes(response) == "one: error");
  CHECK(response.degraded);
}

// ---- order ----

TEST_CASE("stages that read nothing of each other run at the same time") {
  TwoComponents t;
  t.a.inline_calls = t.b.inline_calls = false;
  t.a.takes = 30ms;
  t.b.takes = 50ms;
  t.pipeline(
      "dm.stage('one', { component = 'a', input = { text = ref.request.text } }),\n"
      "dm.stage('two', { component = 'b', input = { text = ref.request.text } }),\n"
      "output = { ref.one.text, ref.two.text }");
  const auto answer = t.begin("p", t.hello);
  t.loop.advance(49ms);
  CHECK_FALSE(answer->response);
  t.loop.advance(1ms);
  REQUIRE(answer->response);
  CHECK(outcomes(*answer->response) == "one: ok, two: ok");
  CHECK(answer->response->stages[1].ran == 50ms);
}

TEST_CASE("a stage waits for what it reads and for nothing else") {
  TwoComponents t;
  t.a.inline_calls = false;
  t.a.takes = 30ms;
  t.pipeline(
      "dm.parallel('g', { dm.stage('slow', { component = 'a', input = { text = ref.request.text } }),\n"
      "  dm.stage('fast', { component = 'b', input = { text = ref.request.text } }) }),\n"
      "dm.stage('after_fast', { component = 'b', input = { text = ref.fast.text } }),\n"
      "output = { ref.slow.text, ref.after_fast.text }");
  const auto answer = t.begin("p", t.hello);
  t.loop.run_ready();
  CHECK(t.b.calls == 2);  // the group has not ended
  t.loop.advance(30ms);
  REQUIRE(answer->response);
  CHECK(outcomes(*answer->response) == "g/fast: ok, after_fast: ok, g/slow: ok");
}

TEST_CASE("a thousand stages in a row do not grow the stack") {
  TwoComponents t;
  std::string stages;
  for (int i = 0; i < 1000; ++i)
    stages += "dm.stage('s" + std::to_string(i) + "', { component = 'a', input = { text = ref." +
              (i == 0 ? "request" : "s" + std::to_string(i - 1)) + ".text } }),\n";
  t.pipeline(stages + "output = ref.s999");
  size_t deepest = 0;
  const char* base = nullptr;
  t.a.answer = [&](const Value& in) -> Result<Value> {
    const char here = 0;
    if (!base) base = &here;
    deepest = std::max(deepest, static_cast<size_t>(base > &here ? base - &here : &here - base));
    return in;
  };
  CHECK(t.run("p", t.hello).status.ok());
  CHECK(t.a.calls == 1000);
  CHECK(deepest < 4096);
}

TEST_CASE("a whole map is handed on without a copy") {
  TwoComponents t;
  t.pipeline("dm.stage('one', { component = 'a', input = ref.request }),\noutput = ref.one");
  const void* seen = nullptr;
  t.a.answer = [&](const Value& in) -> Result<Value> {
    seen = in.view().base;
    return in;
  };
  const PipelineResponse response = t.run("p", t.hello);
  CHECK(seen == t.hello.view().base);
  CHECK(response.output.view().base == seen);
}

// ---- deadline and clients ----

TEST_CASE("the deadline ends the request and cancels everything") {
  TwoComponents t;
  t.a.inline_calls = false;
  t.a.hangs = true;
  t.chain("", "deadline = '100ms',");
  const auto answer = t.begin("p", t.hello);
  t.loop.advance(100ms);
  REQUIRE(answer->response);
  CHECK(answer->response->status.to_string() == "pipeline 'p': the deadline passed; found no end of 'one'");
  CHECK(answer->response->status.code() == Code::deadline_exceeded);
  CHECK(t.a.last_options.cancel.cancelled());
  CHECK(t.a.last_options.deadline == t.clock.now());
  CHECK(t.loop.timers() == 0);
}

TEST_CASE("a request can shorten its deadline and not lengthen it") {
  TwoComponents t;
  t.a.inline_calls = false;
  t.a.hangs = true;
  t.chain("", "deadline = '100ms',");
  PipelineRequest shorter, longer;
  shorter.deadline = t.clock.now() + 10ms;
  longer.deadline = t.clock.now() + 10s;
  const auto first = t.begin("p", t.hello, std::move(shorter));
  const auto second = t.begin("p", t.hello, std::move(longer));
  t.loop.advance(10ms);
  CHECK(first->response);
  CHECK_FALSE(second->response);
  t.loop.advance(90ms);
  CHECK(second->response);
}

TEST_CASE("a pipeline without a deadline has one all the same") {
  TwoComponents t;
  t.a.inline_calls = false;
  t.a.hangs = true;
  t.chain();
  const auto answer = t.begin("p", t.hello);
  t.loop.advance(30s);
  REQUIRE(answer->response);
  CHECK(answer->response->status.code() == Code::deadline_exceeded);
}

TEST_CASE("a client that is gone is noticed at the next completion") {
  TwoComponents t;
  t.a.inline_calls = false;
  t.a.takes = 10ms;
  t.chain();
  PipelineRequest request;
  CancelToken token = request.cancel;
  const auto answer = t.begin("p", t.hello, std::move(request));
  token.cancel();
  t.loop.advance(10ms);
  REQUIRE(answer->response);
  CHECK(answer->response->status.code() == Code::cancelled);
  CHECK(t.b.calls == 0);
}

// ---- completions that come too late ----

TEST_CASE("a stale completion is dropped and counted") {
  TwoComponents t;
  t.a.inline_calls = false;
  t.a.hangs = true;
  t.chain("timeout = '25ms', fallback = { text = 'late' }");
  const auto answer = t.begin("p", t.hello);
  t.loop.advance(25ms);
  REQUIRE(answer->response);
  // The next request takes the same slot.
  t.a.hangs = false;
  t.a.takes = 5ms;
  const auto next = t.begin("p", text_map({{"text", "next"}}));
  t.a.answer_one(t.hello);
  t.loop.run_ready();
  CHECK_FALSE(next->response);
  CHECK(t.counter("dormouse_stale_completions_total") == 1);
  t.loop.advance(5ms);
  REQUIRE(next->response);
  CHECK(text_of(next->response->output) == R"({"said":"next"})");
}

TEST_CASE("a late completion of a running request does not become its result") {
  TwoComponents t;
  t.a.inline_calls = t.b.inline_calls = false;
  t.a.hangs = true;
  t.b.takes = 50ms;
  t.chain("timeout = '25ms', fallback = { text = 'late' }");
  const auto answer = t.begin("p", t.hello);
  t.loop.advance(25ms);
  t.a.answer_one(text_map({{"text", "too late"}}));
  t.loop.advance(50ms);
  REQUIRE(answer->response);
  CHECK(text_of(answer->response->output) == R"({"said":"late"})");
  CHECK(t.counter("dormouse_stale_completions_total") == 1);
}

// ---- cold components ----

TEST_CASE("cold components of a pipeline load side by side") {
  TwoComponents t;
  t.a.ready = t.b.ready = false;
  t.chain();
  const auto answer = t.begin("p", t.hello);
  CHECK(t.a.demand_causes == std::vector<std::string>{"request"});
  CHECK(t.b.demand_causes == std::vector<std::string>{"prefetch"});
  t.loop.advance(40ms);
  t.b.load();
  t.loop.advance(60ms);
  t.a.load();
  t.loop.run_ready();
  REQUIRE(answer->response);
  CHECK(answer->response->status.to_string() == "ok");
  CHECK(answer->response->stages[0].cold == 100ms);
  CHECK(answer->response->stages[1].cold == 0ms);
  CHECK(t.a.demand_causes.size() + t.b.demand_causes.size() == 2);
}

TEST_CASE("waiting for a load is not in the timeout of the stage") {
  TwoComponents t;
  t.a.ready = false;
  t.a.inline_calls = false;
  t.a.takes = 20ms;
  t.chain("timeout = '25ms'");
  const auto answer = t.begin("p", t.hello);
  t.loop.advance(500ms);
  t.a.load();
  t.loop.advance(20ms);
  REQUIRE(answer->response);
  CHECK(outcomes(*answer->response) == "one: ok, two: ok");
  CHECK(answer->response->stages[0].cold == 500ms);
  CHECK(answer->response->stages[0].ran == 20ms);
}

TEST_CASE("the deadline bounds waiting for a load") {
  TwoComponents t;
  t.a.ready = false;
  t.chain("", "deadline = '100ms',");
  const auto answer = t.begin("p", t.hello);
  t.loop.advance(100ms);
  REQUIRE(answer->response);
  CHECK(answer->response->status.to_string() == "pipeline 'p': the deadline passed; found no end of 'one' (loading)");
  CHECK(t.a.waiting() == 1);
  CHECK(t.a.wanted() == 0);
  t.a.load();
  t.loop.run_ready();
  CHECK(t.a.calls == 0);
  CHECK(t.counter("dormouse_stale_completions_total") == 1);
}

TEST_CASE("a load that fails is the outcome of the stages that needed it") {
  TwoComponents t;
  t.a.ready = false;
  t.chain("fallback = { text = 'instead' }");
  const auto answer = t.begin("p", t.hello);
  t.a.fail_load(
      Error{.code = Code::load_failed, .message = "no model", .object = "component 'a'", .remedy = "train it"});
  t.loop.run_ready();
  REQUIRE(answer->response);
  CHECK(outcomes(*answer->response) == "one: fallback, two: ok");
  CHECK(answer->response->stages[0].error.code() == Code::load_failed);
}

TEST_CASE("two stages of one cold component demand it once") {
  TwoComponents t;
  t.a.ready = false;
  t.pipeline(
      "dm.stage('one', { component = 'a', input = { text = ref.request.text } }),\n"
      "dm.stage('two', { component = 'a', input = { text = ref.request.text } }),\n"
      "output = { ref.one.text, ref.two.text }");
  const auto answer = t.begin("p", t.hello);
  CHECK(t.a.demand_causes.size() == 1);
  t.a.load();
  t.loop.run_ready();
  REQUIRE(answer->response);
  CHECK(t.a.calls == 2);
}

// ---- a component that cannot be described ----

TEST_CASE("a component that cannot be described is a problem of its pipelines and no script error") {
  TwoComponents t;
  t.a.describable = Error{.code = Code::not_found, .message = "no such file", .object = "plugin file /p/a.so"};
  t.a.ready = false;
  t.write("pipelines/other.lua", "local dm = require 'dormouse'; return dm.pipeline('well', { output = { 1 } })");
  t.chain();
  CHECK(t.engine->find("p")->info().problem.code() == Code::load_failed);
  CHECK(t.engine->find("p")->info().problem.to_string() ==
        "component 'a': cannot be described: plugin file /p/a.so: no such file");
  CHECK(t.engine->find("well")->info().problem.ok());
  CHECK(t.run("well", text_map({})).status.ok());
  const auto answer = t.begin("p", t.hello);
  t.a.fail_load(Error{.code = Code::load_failed, .message = "no such file", .object = "component 'a'"});
  t.loop.run_ready();
  REQUIRE(answer->response);
  CHECK(answer->response->status.code() == Code::load_failed);
}

TEST_CASE("a component that became describable is called and its input is checked then") {
  TwoComponents t;
  t.a.describable = Error{.code = Code::not_found, .message = "no such file", .object = "plugin file /p/a.so"};
  t.chain();
  CHECK(text_of(t.run("p", t.hello).output) == R"({"said":"hello"})");
  t.pipeline("dm.stage('one', { component = 'a', input = { txt = ref.request.text } }),\noutput = ref.one");
  CHECK(t.run("p", t.hello).status.code() == Code::invalid_argument);
  t.pipeline("dm.stage('one', { component = 'a', method = 'nope', input = { text = 'x' } }),\noutput = ref.one");
  CHECK(t.run("p", t.hello).status.code() == Code::not_found);
}

TEST_CASE("many requests at once do not mix up their slots") {
  TwoComponents t;
  t.a.inline_calls = false;
  t.a.takes = 5ms;
  t.chain();
  std::vector<std::shared_ptr<ScriptHostFixture::Answer>> answers;
  for (int i = 0; i < 100; ++i) answers.push_back(t.begin("p", text_map({{"text", std::to_string(i)}})));
  CHECK(t.engine->in_flight() == 100);
  t.loop.advance(5ms);
  for (int i = 0; i < 100; ++i) {
    REQUIRE(answers[i]->response);
    CHECK(text_of(answers[i]->response->output) == "{\"said\":\"" + std::to_string(i) + "\"}");
  }
  CHECK(t.engine->in_flight() == 0);
}

TEST_CASE("a request may start the next one when it is done") {
  TwoComponents t;
  t.chain();
  int ended = 0;
  std::function<void()> next = [&] {
    PipelineRequest request;
    request.input = t.hello;
    t.engine->run(t.engine->find("p"), std::move(request), t.loop, [&](PipelineResponse response) {
      CHECK(response.status.ok());
      if (++ended < 10) next();
    });
  };
  next();
  CHECK(ended == 10);
}
