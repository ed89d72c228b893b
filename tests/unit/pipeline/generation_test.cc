#include "pipeline/generation.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "unit/pipeline/script_host.h"

using namespace dormouse;
using namespace std::chrono_literals;

namespace {

struct Generations : ScriptHostFixture {
  FakeComponent& a = components->add("a", "{text: string}", "{text: string}");
  Value hello = text_map({{"text", "hello"}});

  LoadReport version(const std::string& mark) {
    return load(
        "return dm.pipeline('p', { input = { text = 'string' },\n"
        "dm.stage('one', { component = 'a', input = ref.request }),\n"
        "dm.stage('f', { run = function(ctx) return '" +
        mark + "' end }), output = { ref.f } })");
  }
  std::string answer() { return text_of(run("p", hello).output); }
  std::string alive() {
    std::string text;
    for (const GenerationInfo& info : engine->generations())
      text += (text.empty() ? "" : " ") + std::to_string(info.number) + (info.serving ? "*" : "") + ":" +
              std::to_string(info.in_flight);
    return text;
  }
  void slow() {
    a.inline_calls = false;
    a.takes = 10ms;
  }
};

}  // namespace

TEST_CASE("a reload serves the new scripts and old requests finish on the old ones") {
  Generations t;
  t.slow();
  REQUIRE(t.version("old").generation == 1);
  const auto old = t.begin("p", t.hello);
  REQUIRE(t.version("new").generation == 2);
  CHECK(t.alive() == "1:1 2*:0");
  const auto fresh = t.begin("p", t.hello);
  t.loop.advance(10ms);
  REQUIRE(old->response);
  REQUIRE(fresh->response);
  CHECK(text_of(old->response->output) == R"(["old"])");
  CHECK(old->response->generation == 1);
  CHECK(text_of(fresh->response->output) == R"(["new"])");
  CHECK(fresh->response->generation == 2);
}

TEST_CASE("a bad script changes nothing") {
  Generations t;
  t.write("policies/p.lua", "require('dormouse').pool('*', { max_pending = 1 })");
  REQUIRE(t.version("good").generation == 1);
  t.write("policies/p.lua", "require('dormouse').pool('*', { max_pending = 2 })");
  const LoadReport report = t.load("return dm.pipeline('p', { nonsense = 1 })");
  CHECK(report.errors.size() == 1);
  CHECK(report.generation == 0);
  CHECK(t.answer() == R"(["good"])");
  CHECK(t.alive() == "1*:0");
  CHECK(t.components->pools.at(0).policy.max_pending == 1);
  CHECK(t.events.since(0).back().kind == "scripts.refused");
}

TEST_CASE("a dry run checks and changes nothing") {
  Generations t;
  REQUIRE(t.version("one").generation == 1);
  t.write("pipelines/t.lua", "local dm = require 'dormouse'; return dm.pipeline('q', { output = {} })");
  const LoadReport report = t.engine->load(true);
  CHECK(report.errors.empty());
  CHECK(report.generation == 0);
  CHECK_FALSE(t.engine->find("q"));
  CHECK(t.alive() == "1*:0");
}

TEST_CASE("a generation closes when the last that holds it lets go") {
  Generations t;
  t.version("1");
  CHECK(t.answer() == R"(["1"])");
  PipelinePtr held = t.engine->find("p");
  t.version("2");
  t.version("3");
  CHECK(t.alive() == "1:0 2:0 3*:0");
  held.reset();
  CHECK(t.alive() == "2:0 3*:0");
  CHECK(t.loop.run_ready() == 1);  // closes the Lua state of generation 1, on its own loop
}

TEST_CASE("a pipeline that is held can still be run after reloads") {
  Generations t;
  t.version("1");
  const PipelinePtr held = t.engine->find("p");
  t.version("2");
  std::string said;
  PipelineRequest request;
  request.input = t.hello;
  t.engine->run(held, std::move(request), t.loop, [&](PipelineResponse response) { said = text_of(response.output); });
  CHECK(said == R"(["1"])");
}

TEST_CASE("too many living generations refuse a reload with their numbers") {
  Generations t;
  t.slow();
  t.version("1");
  const auto one = t.begin("p", t.hello);
  t.version("2");
  const auto two = t.begin("p", t.hello);
  REQUIRE(t.version("3").generation == 3);
  const LoadReport report = t.version("4");
  CHECK(report.generation == 0);
  CHECK(report.errors.empty());
  CHECK(report.status.code() == Code::failed_precondition);
  CHECK(report.status.to_string() ==
        "scripts: too many generations of scripts are alive; needed at most 3 with the new one, "
        "found 3 (older: 1 with 1 requests, 2 with 1 requests); reload when their requests have ended");
  t.loop.advance(10ms);
  CHECK(t.version("4").generation == 4);
}

TEST_CASE("rollback serves the generation before with its pools") {
  Generations t;
  t.write("policies/p.lua", "require('dormouse').pool('*', { max_pending = 1 })");
  t.version("1");
  t.write("policies/p.lua", "require('dormouse').pool('*', { max_pending = 2 })");
  t.version("2");
  CHECK(t.components->pools.at(0).policy.max_pending == 2);
  REQUIRE(t.engine->rollback().ok());
  CHECK(t.answer() == R"(["1"])");
  CHECK(t.components->pools.at(0).policy.max_pending == 1);
  CHECK(t.alive() == "1*:0");
  CHECK(t.engine->rollback().code() == Code::failed_precondition);
  CHECK(t.version("3").generation == 3);
}

TEST_CASE("rollback without a generation before is refused") {
  Generations t;
  t.version("1");
  CHECK(t.engine->rollback().code() == Code::failed_precondition);
  CHECK(t.answer() == R"(["1"])");
}

TEST_CASE("a missing script file is an error of its own") {
  Generations t;
  t.options.pipelines.push_back((t.folder / "nowhere.lua").string());
  const LoadReport report = t.version("1");
  REQUIRE(report.errors.size() == 1);
  CHECK(report.errors[0].file == (t.folder / "nowhere.lua").string());
  CHECK(report.errors[0].message.find("cannot open it: no such file or folder") == 0);
}

TEST_CASE("a script that describes something else each time is told so") {
  Generations t;
  // The address of a table differs between states.
  const LoadReport report = t.load(
      "local n = 's' .. tostring({}):match('0x(%x+)')\n"
      "return dm.pipeline('p', { input = { text = 'string' }, dm.stage(n, { run = function() return 1 end }), output = "
      "{} })");
  REQUIRE(report.errors.empty());
  CHECK(t.run("p", t.hello).status.to_string().find("the script describes something else each time it runs") !=
        std::string::npos);
}

TEST_CASE("functions of several files keep apart") {
  Generations t;
  t.write("pipelines/b.lua",
          "local dm = require 'dormouse'; return { dm.pipeline('q', { dm.stage('f', { run = function() return 'q' end "
          "}), output = dm.ref.f }),\n"
          "dm.pipeline('r', { dm.stage('f', { run = function() return 'r' end }), output = dm.ref.f }) }");
  REQUIRE(t.version("p").generation == 1);
  CHECK(t.answer() == R"(["p"])");
  CHECK(text_of(t.run("q", text_map({})).output) == "\"q\"");
  CHECK(text_of(t.run("r", text_map({})).output) == "\"r\"");
  CHECK(t.engine->pipelines().size() == 3);
}

TEST_CASE("requests run on while another thread reloads") {
  Generations t;
  REQUIRE(t.version("x").generation == 1);
  std::atomic<bool> loaded{false};
  std::thread loader([&] {
    for (int i = 0; i < 20; ++i) t.engine->load(false);
    loaded = true;
  });
  uint64_t well = 0, all = 0, last = 0;
  while (!loaded || all < 100) {
    const PipelineResponse response = t.run("p", t.hello);
    ++all;
    well += response.status.ok() && response.generation >= last;
    last = response.generation;
  }
  loader.join();
  CHECK(well == all);
  CHECK(t.run("p", t.hello).generation > 1);
}
