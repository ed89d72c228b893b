// Stages with a cache: what is asked, who makes what is missing, and what is kept.
#include <catch2/catch.hpp>

#include "unit/pipeline/script_host.h"

using namespace dormouse;
using namespace std::chrono_literals;

namespace {

struct CachedStage : ScriptHostFixture {
  FakeComponent& a = components->add("a", "{text: string, top: int?}", "{text: string}");
  FakeComponent& store = components->add("cache.memory", "{}", "{}");
  std::string pipelines = "local dm = require 'dormouse'; local ref = dm.ref; ";

  explicit CachedStage(const std::string& stage = "input = { text = ref.request.text }, cache = 'answers'",
                       const std::string& policy = "ttl = '10m', ttl_jitter = 0") {
    store.offer_cache();
    declare(policy);
    pipeline("dm.stage('one', { component = 'a', " + stage + " }), output = { said = ref.one.text }");
    a.answer = [this](const Value& in) -> Result<Value> {
      return text_map({{"text", text_of(in.field("text")).substr(1, 5) + std::to_string(a.calls)}});
    };
  }
  void declare(const std::string& policy) {
    write("policies/p.lua", "require 'dormouse'.cache('answers', { " + policy + " })");
  }
  void pipeline(const std::string& stages) {
    const LoadReport report =
        load("return dm.pipeline('p', { input = { text = 'string', user = 'string?' }, " + stages + " })");
    if (!report.errors.empty()) throw std::runtime_error(errors_of(report));
  }
  // Calls take until answer_one(), as on a lane.
  void hang() {
    a.inline_calls = false;
    a.hangs = true;
  }
  std::string ask(const std::string& text) { return text_of(run("p", text_map({{"text", text}})).output); }
  CacheResult how(const std::string& text) { return run("p", text_map({{"text", text}})).stages.at(0).cache; }
  FakeSpace::State& values() { return *store.spaces.at("answers"); }
  uint64_t count(const char* result) {
    return counter("dormouse_cache_requests_total", {{"cache", "answers"}, {"result", result}});
  }
  std::shared_ptr<Answer> begin_with(const std::string& text) {
    const auto answer = begin("p", text_map({{"text", text}}));
    loop.run_ready();
    return answer;
  }
  static std::string said(const std::shared_ptr<Answer>& answer) {
    if (!answer->response) return "nothing yet";
    if (!answer->response->status.ok()) return std::string(to_string(answer->response->status.code()));
    return text_of(answer->response->output);
  }
};

}  // namespace

TEST_CASE("an equal request is answered from the cache and another one is not") {
  CachedStage t;
  CHECK(t.ask("hello") == R"({"said":"hello1"})");
  CHECK(t.ask("hello") == R"({"said":"hello1"})");
  CHECK(t.ask("other") == R"({"said":"other2"})");
  CHECK(t.ask("hello") == R"({"said":"hello1"})");
  CHECK(t.a.calls == 2);
  CHECK(t.count("hit") == 2);
  CHECK(t.count("miss") == 2);
  t.clock.advance(10min);
  CHECK(t.ask("hello") == R"({"said":"hello3"})");
}

TEST_CASE("a trace says how the cache answered") {
  CachedStage t;
  CHECK(t.how("hello") == CacheResult::miss);
  CHECK(t.how("hello") == CacheResult::hit);
}

TEST_CASE("a hit neither loads the component nor fetches it ahead") {
  CachedStage t;
  t.ask("hello");
  t.a.ready = false;
  CHECK(t.ask("hello") == R"({"said":"hello1"})");
  CHECK(t.a.demand_causes.empty());
  const auto answer = t.begin_with("other");
  CHECK(t.a.demand_causes == std::vector<std::string>{"request"});
  t.a.load();
  t.loop.run_ready();
  CHECK(t.said(answer) == R"({"said":"other2"})");
}

TEST_CASE("a component that other stages call as well is fetched ahead as ever") {
  CachedStage t;
  FakeComponent& b = t.components->add("b", "{text: string}", "{text: string}");
  b.inline_calls = false;
  b.hangs = true;
  t.a.ready = false;
  const std::string stages =
      "dm.stage('first', { component = 'b', input = { text = ref.request.text } }), "
      "dm.stage('two', { component = 'a', input = { text = ref.first.text }, cache = 'answers' }), ";
  t.pipeline(stages + "output = ref.two.text");
  (void)t.begin_with("hello");
  CHECK(t.a.demand_causes.empty());
  t.pipeline(stages +
             "dm.stage('three', { component = 'a', input = { text = ref.first.text } }), "
             "output = { ref.two.text, ref.three.text }");
  (void)t.begin_with("hello");
  CHECK(t.a.demand_causes == std::vector<std::string>{"prefetch"});
}

TEST_CASE("another plugin file, model or setting never serves old values") {
  CachedStage t;
  t.ask("hello");
  t.a.files = 2;
  CHECK(t.ask("hello") == R"({"said":"hello2"})");
  t.a.files = 1;
  CHECK(t.ask("hello") == R"({"said":"hello1"})");
}

TEST_CASE("a result is kept under the version that made it") {
  CachedStage t;
  for (const bool on_lane : {false, true}) {
    const std::string text = on_lane ? "lanes" : "hello";
    t.a.inline_calls = !on_lane;
    t.a.ready = false;
    t.a.files = 0;  // not loaded since the start
    const auto answer = t.begin_with(text);
    t.a.files = 5;
    t.a.load();
    t.loop.run_ready();
    const std::string made = t.said(answer);
    CHECK(t.ask(text) == made);
    t.a.files = 0;
    t.a.inline_calls = true;
    CHECK(t.ask(text) != made);
  }
}

TEST_CASE("what the old incarnation made while the new one became ready is kept under the old version") {
  CachedStage t;
  t.a.files = 2;         // the new one is ready
  t.a.leased_files = 1;  // the call holds the old one
  CHECK(t.ask("hello") == R"({"said":"hello1"})");
  t.a.leased_files.reset();
  CHECK(t.ask("hello") == R"({"said":"hello2"})");
  t.a.files = 1;
  CHECK(t.ask("hello") == R"({"said":"hello1"})");
}

TEST_CASE("a version that changes as soon as a call has ended is not the one that made its result") {
  CachedStage t;
  const auto answer = t.a.answer;
  t.a.answer = [&](const Value& in) {
    t.a.files = 2;
    return answer(in);
  };
  CHECK(t.ask("hello") == R"({"said":"hello1"})");
  t.a.answer = answer;
  CHECK(t.ask("hello") == R"({"said":"hello2"})");
  t.a.files = 1;
  CHECK(t.ask("hello") == R"({"said":"hello1"})");
}

TEST_CASE("other scripts never serve old values and a rollback finds its own again") {
  CachedStage t;
  t.ask("hello");
  t.pipeline(
      "dm.stage('one', { component = 'a', input = { text = ref.request.text }, cache = 'answers' }), "
      "output = { said = ref.one.text } --[[ another text ]]");
  CHECK(t.ask("hello") == R"({"said":"hello2"})");
  REQUIRE(t.engine->rollback(false).generation != 0);
  CHECK(t.ask("hello") == R"({"said":"hello1"})");
}

TEST_CASE("version_by says what makes a value old") {
  CachedStage t("input = { text = ref.request.text }, cache = 'answers'", "version_by = {}");
  t.ask("hello");
  t.a.files = 2;
  t.pipeline(
      "dm.stage('one', { component = 'a', input = { text = ref.request.text }, cache = 'answers' }), "
      "output = { said = ref.one.text } --[[ another text ]]");
  CHECK(t.ask("hello") == R"({"said":"hello1"})");
}

TEST_CASE("equal calls of one method share what is kept and a key of its own is its stage's alone") {
  CachedStage t;
  t.pipeline(
      "dm.stage('one', { component = 'a', input = { text = ref.request.text }, cache = 'answers' }), "
      "dm.stage('two', { component = 'a', input = { text = ref.request.text }, cache = 'answers' }), "
      "output = { ref.one.text, ref.two.text }");
  t.ask("hello");
  CHECK(t.a.calls == 1);
  t.pipeline(
      "dm.stage('one', { component = 'a', input = { text = ref.request.text }, "
      "cache = { use = 'answers', key = { ref.request.text } } }), "
      "dm.stage('two', { component = 'a', input = { text = ref.one.text }, "
      "cache = { use = 'answers', key = { ref.request.text } } }), output = { ref.one.text, ref.two.text }");
  t.ask("hello");
  CHECK(t.a.calls == 3);
}

TEST_CASE("a key decides what is equal") {
  CachedStage t("input = { text = ref.request.text }, cache = { use = 'answers', key = ref.request.user }");
  const auto ask = [&](const char* user, const char* text) {
    return text_of(t.run("p", text_map({{"user", user}, {"text", text}})).output);
  };
  CHECK(ask("ann", "hello") == R"({"said":"hello1"})");
  CHECK(ask("ann", "other") == R"({"said":"hello1"})");
  CHECK(ask("bob", "other") == R"({"said":"other2"})");
}

TEST_CASE("an absent part of a key is unlike any value") {
  CachedStage t("input = { text = ref.request.text }, cache = { use = 'answers', key = { ref.request.user } }");
  CHECK(t.ask("hello") == R"({"said":"hello1"})");
  CHECK(text_of(t.run("p", text_map({{"user", ""}, {"text", "hello"}})).output) == R"({"said":"hello2"})");
  CHECK(t.ask("other") == R"({"said":"hello1"})");
}

TEST_CASE("requests that miss together make one call") {
  CachedStage t;
  t.hang();
  const auto first = t.begin_with("hello"), second = t.begin_with("hello"), other = t.begin_with("other");
  CHECK(t.a.calls == 2);
  CHECK(t.a.hanging() == 2);
  t.a.answer_one(text_map({{"text", "one answer"}}));
  t.loop.run_ready();
  CHECK(t.said(first) == R"({"said":"one answer"})");
  CHECK(t.said(second) == R"({"said":"one answer"})");
  CHECK(t.said(other) == "nothing yet");
  CHECK(second->response->stages.at(0).cache == CacheResult::coalesced);
  CHECK(t.count("coalesced") == 1);
  CHECK(t.ask("hello") == R"({"said":"one answer"})");
  t.a.answer_one(text_map({{"text", "x"}}));
  t.loop.run_ready();
}

TEST_CASE("without single flight each makes its own call") {
  CachedStage t("input = { text = ref.request.text }, cache = 'answers'", "single_flight = false");
  t.hang();
  const auto first = t.begin_with("hello"), second = t.begin_with("hello");
  CHECK(t.a.calls == 2);
  t.a.answer_one(text_map({{"text", "1"}}));
  t.a.answer_one(text_map({{"text", "2"}}));
  t.loop.run_ready();
  CHECK(t.said(first) == R"({"said":"1"})");
  CHECK(t.said(second) == R"({"said":"2"})");
}

TEST_CASE("a failed call is a failure for all who waited and nothing is kept of it") {
  CachedStage t;
  t.hang();
  const auto first = t.begin_with("hello"), second = t.begin_with("hello");
  t.a.answer_one(Status(Code::unavailable, "out of order"));
  t.loop.run_ready();
  CHECK(t.said(first) == "unavailable");
  CHECK(t.said(second) == "unavailable");
  CHECK(t.values().entries.empty());
}

TEST_CASE("the client who asked first may leave and the call goes on for the others") {
  CachedStage t;
  t.hang();
  const auto first = t.begin_with("hello");
  const uint64_t ticket = t.last_ticket;
  const auto second = t.begin_with("hello");
  t.engine->cancel(ticket, t.loop);
  t.loop.run_ready();
  CHECK(t.said(first) == "cancelled");
  CHECK_FALSE(t.a.last_options.cancel.cancelled());
  t.a.answer_one(text_map({{"text", "v"}}));
  t.loop.run_ready();
  CHECK(t.said(second) == R"({"said":"v"})");
  CHECK(t.a.calls == 1);
}

TEST_CASE("the call is cancelled when nobody waits any more") {
  CachedStage t;
  t.hang();
  (void)t.begin_with("hello");
  const uint64_t first = t.last_ticket;
  (void)t.begin_with("hello");
  t.engine->cancel(first, t.loop);
  t.engine->cancel(t.last_ticket, t.loop);
  CHECK(t.a.last_options.cancel.cancelled());
  const auto again = t.begin_with("hello");  // not tied to what is being given up
  CHECK(t.a.calls == 2);
  t.a.answer_one(Status(Code::cancelled, "given up"));
  t.a.answer_one(text_map({{"text", "v"}}));
  t.loop.run_ready();
  CHECK(t.said(again) == R"({"said":"v"})");
}

TEST_CASE("everybody who waits has a timeout of his own") {
  CachedStage t("input = { text = ref.request.text }, timeout = '25ms', cache = 'answers'");
  t.hang();
  const auto first = t.begin_with("hello");
  t.loop.advance(20ms);
  const auto second = t.begin_with("hello");
  t.loop.advance(5ms);
  CHECK(t.said(first) == "deadline_exceeded");
  CHECK(t.said(second) == "nothing yet");
  t.loop.advance(10ms);
  t.a.answer_one(text_map({{"text", "v"}}));
  t.loop.run_ready();
  CHECK(t.said(second) == R"({"said":"v"})");
}

TEST_CASE("a result of a stage that its timeout ended is never kept unless others waited") {
  CachedStage t("input = { text = ref.request.text }, timeout = '25ms', cache = 'answers'");
  t.hang();
  const auto first = t.begin_with("hello");
  t.loop.advance(25ms);
  CHECK(t.said(first) == "deadline_exceeded");
  t.a.answer_one(text_map({{"text", "late"}}));
  t.loop.run_ready();
  const auto second = t.begin_with("hello");
  REQUIRE(t.a.hanging() == 1);  // asked again: nothing was kept
  t.loop.advance(20ms);
  const auto third = t.begin_with("hello");
  t.loop.advance(5ms);
  CHECK(t.said(second) == "deadline_exceeded");
  t.a.answer_one(text_map({{"text", "good"}}));
  t.loop.run_ready();
  CHECK(t.said(third) == R"({"said":"good"})");
  CHECK(t.said(t.begin_with("hello")) == R"({"said":"good"})");
  CHECK(t.a.hanging() == 0);
}

TEST_CASE("who waits for somebody else's load spends no timeout") {
  CachedStage t("input = { text = ref.request.text }, timeout = '25ms', cache = 'answers'");
  t.hang();
  t.a.ready = false;
  const auto first = t.begin_with("hello"), second = t.begin_with("hello");
  t.loop.advance(1s);
  CHECK(t.said(second) == "nothing yet");
  t.a.load();
  t.loop.run_ready();
  CHECK(t.a.calls == 1);
  t.loop.advance(24ms);
  CHECK(t.said(second) == "nothing yet");
  t.loop.advance(1ms);
  CHECK(t.said(first) == "deadline_exceeded");
  CHECK(t.said(second) == "deadline_exceeded");
}

TEST_CASE("who waited for a load that its leader gave up goes on alone") {
  CachedStage t;
  t.a.ready = false;
  const auto first = t.begin_with("hello");
  const uint64_t ticket = t.last_ticket;
  const auto second = t.begin_with("hello");
  t.engine->cancel(ticket, t.loop);
  t.loop.run_ready();
  t.a.load();
  t.loop.run_ready();
  CHECK(t.said(first) == "cancelled");
  CHECK(t.said(second) == R"({"said":"hello1"})");
  CHECK(t.ask("hello") == R"({"said":"hello1"})");
}

TEST_CASE("a load that failed is a failure for all who waited and is tried once") {
  CachedStage t("input = { text = ref.request.text }, cache = 'answers'", "negative_ttl = '5s'");
  t.a.ready = false;
  const auto first = t.begin_with("hello"), second = t.begin_with("hello");
  t.loop.run_ready();
  t.a.fail_load(Status(Code::not_found, "no such file"));
  t.loop.run_ready();
  CHECK(t.said(first) == "not_found");
  CHECK(t.said(second) == "not_found");
  CHECK(t.a.demand_causes.size() == 1);
  // It was no answer to what was asked for.
  t.a.ready = true;
  CHECK(t.ask("hello") == R"({"said":"hello1"})");
}

TEST_CASE("the time of a call that others waited for is counted once") {
  CachedStage t;
  t.hang();
  const auto first = t.begin_with("hello"), second = t.begin_with("hello");
  t.a.answer_one(text_map({{"text", "one answer"}}));
  t.loop.run_ready();
  CHECK(t.said(second) == t.said(first));
  CHECK(t.counter("dormouse_stage_seconds", {{"pipeline", "p"}, {"stage", "one"}}) == 1);
}

TEST_CASE("a purge while a call runs drops its result and whoever asks afterwards makes a new one") {
  CachedStage t;
  t.hang();
  const auto before = t.begin_with("hello");
  REQUIRE(t.engine->caches().purge("answers", nullptr).ok());
  const auto after = t.begin_with("hello");
  CHECK(t.a.calls == 2);
  t.a.answer_one(text_map({{"text", "old"}}));
  t.loop.run_ready();
  CHECK(t.said(before) == R"({"said":"old"})");
  CHECK(t.said(after) == "nothing yet");
  t.a.answer_one(text_map({{"text", "new"}}));
  t.loop.run_ready();
  CHECK(t.said(after) == R"({"said":"new"})");
  CHECK(t.ask("hello") == R"({"said":"new"})");
}

TEST_CASE("tags may come from the request") {
  CachedStage t("input = { text = ref.request.text }, cache = { use = 'answers', tags = { 'kb', ref.request.text } }");
  t.ask("hello");
  t.ask("other");
  const std::string tag = "hello", all = "kb";
  CHECK(*t.engine->caches().purge("answers", &tag) == 1);
  CHECK(t.ask("other") == R"({"said":"other2"})");
  CHECK(*t.engine->caches().purge("answers", &all) == 1);
}

TEST_CASE("a fallback is never kept") {
  CachedStage t("input = { text = ref.request.text }, cache = 'answers', fallback = { text = 'instead' }");
  t.a.answer = [](const Value&) -> Result<Value> { return Status(Code::unavailable, "out of order"); };
  CHECK(t.ask("hello") == R"({"said":"instead"})");
  CHECK(t.values().entries.empty());
}

TEST_CASE("what is not found is remembered for its own time and meets the fallback each time") {
  CachedStage t("input = { text = ref.request.text }, cache = 'answers', fallback = { text = 'instead' }",
                "negative_ttl = '5s', ttl_jitter = 0");
  t.a.answer = [](const Value&) -> Result<Value> { return Status(Code::not_found, "no such passage"); };
  CHECK(t.ask("hello") == R"({"said":"instead"})");
  const PipelineResponse again = t.run("p", text_map({{"text", "hello"}}));
  CHECK(again.stages[0].cache == CacheResult::negative);
  CHECK(again.stages[0].cache_store == "cache.memory");
  CHECK(again.stages[0].outcome == Outcome::fallback);
  CHECK(again.stages[0].error.to_string().find("no such passage") != std::string::npos);
  CHECK(t.a.calls == 1);
  t.clock.advance(5s);
  t.ask("hello");
  CHECK(t.a.calls == 2);
}

TEST_CASE("a stored value of another type is made anew") {
  CachedStage t;
  t.ask("hello");
  ValueWriter writer;
  writer.integer(7);
  t.values().entries.begin()->second.value = *writer.finish();
  CHECK(t.ask("hello") == R"({"said":"hello2"})");
}

TEST_CASE("a cache whose component is away costs no request") {
  CachedStage t;
  t.values().unload();
  CHECK(t.ask("hello") == R"({"said":"hello1"})");
  CHECK(t.ask("hello") == R"({"said":"hello2"})");
  t.values().reload();
  CHECK(t.ask("hello") == R"({"said":"hello3"})");
  CHECK(t.ask("hello") == R"({"said":"hello3"})");
}

TEST_CASE("the result of a function is kept under its key") {
  CachedStage t;
  t.pipeline(
      "dm.stage('one', { run = function(ctx) return ctx:call('a', nil, { text = ctx.request.text }) end, "
      "cache = { use = 'answers', key = { ref.request.text } } }), output = { said = ref.one }");
  CHECK(t.ask("hello") == R"({"said":{"text":"hello1"}})");
  CHECK(t.ask("hello") == R"({"said":{"text":"hello1"}})");
  CHECK(t.a.calls == 1);
}

TEST_CASE("the result of a function is as old as the components that versions_of names") {
  CachedStage t;
  t.pipeline(
      "dm.stage('one', { run = function(ctx) return ctx:call('a', nil, { text = ctx.request.text }).text end, "
      "cache = { use = 'answers', key = { ref.request.text }, versions_of = { 'a' } } }), output = { said = ref.one }");
  CHECK(t.ask("hello") == R"({"said":"hello1"})");
  CHECK(t.ask("hello") == R"({"said":"hello1"})");
  t.a.files = 2;
  CHECK(t.ask("hello") == R"({"said":"hello2"})");
  t.a.files = 1;
  CHECK(t.ask("hello") == R"({"said":"hello1"})");
}

TEST_CASE("what a function made while one of its components was replaced or new is not kept") {
  CachedStage t;
  t.pipeline(
      "dm.stage('one', { run = function(ctx) return ctx:call('a', nil, { text = ctx.request.text }).text end, "
      "cache = { use = 'answers', key = { ref.request.text }, versions_of = { 'a' } } }), output = { said = ref.one }");
  const auto answer = t.a.answer;
  for (const uint64_t before : {1u, 0u}) {  // 0: not loaded since the start
    t.a.files = before;
    t.a.answer = [&](const Value& in) {
      t.a.files = 2;
      return answer(in);
    };
    t.ask("hello");
    CHECK(t.values().entries.empty());
  }
  t.a.files = 0;
  t.a.answer = answer;
  t.ask("hello");
  CHECK(t.values().entries.empty());
}

TEST_CASE("what a function made with another incarnation than that of its key is not kept") {
  CachedStage t;
  t.pipeline(
      "dm.stage('one', { run = function(ctx) return ctx:call('a', nil, { text = ctx.request.text }).text end, "
      "cache = { use = 'answers', key = { ref.request.text }, versions_of = { 'a' } } }), output = { said = ref.one }");
  t.a.leased_files = 2;  // the old one, which drains; the key has the new one, before and after
  t.ask("hello");
  CHECK(t.values().entries.empty());
  t.a.leased_files.reset();
  t.ask("hello");
  CHECK(t.values().entries.size() == 1);
}

TEST_CASE("functions that miss together run once and the next one runs when the first is given up") {
  CachedStage t;
  t.hang();
  t.pipeline(
      "dm.stage('one', { run = function(ctx) return ctx:call('a', nil, { text = ctx.request.text }) end, "
      "cache = { use = 'answers', key = { ref.request.text } } }), output = { said = ref.one }");
  const auto first = t.begin_with("hello");
  const uint64_t ticket = t.last_ticket;
  const auto second = t.begin_with("hello"), third = t.begin_with("hello");
  CHECK(t.a.calls == 1);
  t.engine->cancel(ticket, t.loop);
  t.loop.run_ready();
  CHECK(t.a.calls == 2);
  t.a.answer_one(text_map({{"text", "stale"}}));
  t.a.answer_one(text_map({{"text", "v"}}));
  t.loop.run_ready();
  CHECK(t.said(first) == "cancelled");
  CHECK(t.said(second) == R"({"said":{"text":"v"}})");
  CHECK(t.said(third) == R"({"said":{"text":"v"}})");
}

TEST_CASE("a function that fails fails for all who waited") {
  CachedStage t;
  t.hang();
  t.pipeline(
      "dm.stage('one', { run = function(ctx) ctx:call('a', nil, { text = ctx.request.text }) error('broken') "
      "end, cache = { use = 'answers', key = { ref.request.text } } }), output = { said = ref.one }");
  const auto first = t.begin_with("hello"), second = t.begin_with("hello");
  t.a.answer_one(text_map({{"text", "v"}}));
  t.loop.run_ready();
  CHECK(t.said(first) == "internal");
  CHECK(t.said(second) == "internal");
  CHECK(t.a.calls == 1);
}

TEST_CASE("an input function runs before the cache is asked") {
  CachedStage t("input = function(ctx) return { text = ctx.request.text:lower() } end, cache = 'answers'");
  CHECK(t.ask("HELLO") == R"({"said":"hello1"})");
  CHECK(t.ask("hello") == R"({"said":"hello1"})");
}

TEST_CASE("a request whose key would be too long is answered without the cache") {
  CachedStage t;
  const std::string text(70000, 'x');
  CHECK(t.ask(text) == R"({"said":"xxxxx1"})");
  CHECK(t.ask(text) == R"({"said":"xxxxx2"})");
  CHECK(t.count("miss") == 0);
}

TEST_CASE("while the cache is away its components are fetched ahead like any others") {
  CachedStage t;
  FakeComponent& b = t.components->add("b", "{text: string}", "{text: string}");
  b.inline_calls = false;
  b.hangs = true;
  t.a.ready = false;
  t.values().unload();
  t.pipeline(
      "dm.stage('first', { component = 'b', input = { text = ref.request.text } }), "
      "dm.stage('two', { component = 'a', input = { text = ref.first.text }, cache = 'answers' }), "
      "output = ref.two.text");
  (void)t.begin_with("hello");
  CHECK(t.a.demand_causes == std::vector<std::string>{"prefetch"});
}

TEST_CASE("a pipeline says which of its stages have a cache") {
  CachedStage t;
  CHECK(t.engine->find("p")->info().stages.at(0).cache == "answers");
}

TEST_CASE("a request that waits for another one to begin its call keeps no component from draining") {
  CachedStage t;
  FakeComponent& b = t.components->add("b", "{text: string}", "{text: string}");
  b.inline_calls = false;
  b.hangs = true;
  const LoadReport report = t.load(R"(return {
    dm.pipeline('w', { input = { text = 'string' },
      dm.stage('first', { component = 'b', input = { text = ref.request.text } }),
      dm.stage('two', { component = 'a', input = { text = ref.first.text }, cache = 'answers' }),
      dm.stage('three', { component = 'a', input = { text = ref.two.text } }), output = ref.three.text }),
    dm.pipeline('l', { input = { text = 'string' },
      dm.stage('two', { component = 'a', input = { text = ref.request.text }, cache = 'answers' }),
      output = ref.two.text }) })");
  REQUIRE(t.errors_of(report).empty());
  const auto waits = t.begin("w", text_map({{"text", "hello"}}));  // holds a for 'three'
  t.a.ready = false;
  const auto leads = t.begin("l", text_map({{"text", "hello"}}));
  b.answer_one(text_map({{"text", "hello"}}));
  t.loop.run_ready();
  REQUIRE(t.count("coalesced") == 1);
  REQUIRE(t.a.demand_causes == std::vector<std::string>{"request"});
  t.a.load();
  t.a.ready = false;
  t.loop.run_ready();
  CHECK(t.said(leads) == R"("hello1")");
  CHECK(t.a.demand_causes == std::vector<std::string>{"request", "request"});  // nothing was left in the hand
  t.a.load();
  t.loop.run_ready();
  CHECK(t.said(waits) == R"("hello2")");
}

TEST_CASE("a call for a cache is measured like any other and a hit is no call") {
  CachedStage t;
  t.a.inline_calls = false;
  t.a.takes = 3ms;
  const Metrics::Labels stage{{"pipeline", "p"}, {"stage", "one"}};
  (void)t.begin_with("hello");
  t.loop.advance(10ms);
  CHECK(t.how("hello") == CacheResult::hit);
  CHECK(t.counter("dormouse_stage_queue_seconds", stage) == 1);
  CHECK(t.counter("dormouse_stage_seconds", stage) == 1);
}

TEST_CASE("a call that nobody waits for any more may end after its engine") {
  CachedStage t;
  t.hang();
  const auto answer = t.begin_with("hello");
  t.engine->cancel(t.last_ticket, t.loop);
  CHECK(t.said(answer) == "cancelled");
  CHECK(t.engine->in_flight() == 0);
  t.engine.reset();
  t.a.answer_one(text_map({{"text", "late"}}));
  t.loop.run_ready();
  CHECK(t.a.hanging() == 0);
}
