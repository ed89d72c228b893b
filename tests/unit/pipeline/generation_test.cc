#include "pipeline/generation.h"

#include <sys/fsuid.h>

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

// This thread as a user who may read nothing that is closed to others. Tests run as root here and there.
class AsNobody {
 public:
  AsNobody() : before_(::setfsuid(65534)) {}
  ~AsNobody() { ::setfsuid(static_cast<uid_t>(before_)); }
  AsNobody(const AsNobody&) = delete;

 private:
  const int before_;
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

TEST_CASE("a dry run says which generation it would serve and what changed and changes nothing") {
  Generations t;
  REQUIRE(t.version("one").generation == 1);
  t.write("pipelines/t.lua", "local dm = require 'dormouse'; return dm.pipeline('q', { output = {} })");
  t.write("policies/new.lua", "");
  const LoadReport report = t.engine->load(true);
  CHECK(report.errors.empty());
  CHECK(report.generation == 2);
  CHECK(report.changes == std::vector<std::string>{(t.folder / "pipelines/t.lua").string() + " changed",
                                                   (t.folder / "policies/new.lua").string() + " is new"});
  CHECK_FALSE(t.engine->find("q"));
  CHECK(t.alive() == "1*:0");
}

TEST_CASE("a generation closes when the last that holds it lets go and on no loop") {
  Generations t;
  t.version("1");
  CHECK(t.answer() == R"(["1"])");
  std::weak_ptr<const Pipeline> closed = t.engine->find("p");
  PipelinePtr held = closed.lock();
  t.version("2");
  t.version("3");
  CHECK(t.alive() == "1:0 3*:0");
  held.reset();
  CHECK(t.alive() == "3*:0");
  CHECK(t.loop.run_ready() == 0);
  t.engine->wait_for_closing();
  CHECK(closed.expired());
}

TEST_CASE("the heap of a closed generation is given back once it is free") {
  Generations t;
  t.version("1");
  PipelinePtr held = t.engine->find("p");
  t.version("2");
  t.engine->wait_for_closing();
  const unsigned before = t.components->heap_returns;
  held.reset();
  t.engine->wait_for_closing();
  CHECK(t.components->heap_returns == before + 1);
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
  const auto three = t.begin("p", t.hello);
  const LoadReport report = t.version("4");
  CHECK(report.generation == 0);
  CHECK(report.errors.empty());
  CHECK(report.status.code() == Code::failed_precondition);
  CHECK(report.status.to_string() ==
        "scripts: too many generations of scripts are alive; needed at most 3 with the new one, "
        "found 3 (1 with 1 request, 2 with 1 request, 3 with 1 request); reload when their requests have ended");
  t.loop.advance(10ms);
  CHECK(t.version("4").generation == 4);
}

TEST_CASE("rollback serves the texts before as a new generation with its pools and a second one undoes it") {
  Generations t;
  t.write("policies/p.lua", "require('dormouse').pool('*', { max_pending = 1 })");
  t.version("1");
  t.write("policies/p.lua", "require('dormouse').pool('*', { max_pending = 2 })");
  t.version("2");
  CHECK(t.components->pools.at(0).policy.max_pending == 2);
  const LoadReport would = t.engine->rollback(true);
  CHECK(would.generation == 3);
  CHECK(would.text_of == 1);
  CHECK(t.alive() == "2*:0");
  const LoadReport back = t.engine->rollback(false);
  REQUIRE(back.status.ok());
  CHECK(back.generation == 3);
  CHECK(back.text_of == 1);
  CHECK(t.answer() == R"(["1"])");
  CHECK(t.components->pools.at(0).policy.max_pending == 1);
  CHECK(t.alive() == "3*:0");
  CHECK(t.events.since(0).back().kind == "scripts.rolled_back");
  CHECK(t.engine->rollback(false).text_of == 2);
  CHECK(t.answer() == R"(["2"])");
  CHECK(t.version("5").generation == 5);
}

TEST_CASE("a reload without a change does not push out what a rollback goes back to") {
  Generations t;
  t.version("good");
  t.version("bad");
  REQUIRE(t.version("bad").changes.empty());
  t.version("bad");
  const LoadReport back = t.engine->rollback(false);
  CHECK(back.generation == 5);
  CHECK(back.text_of == 1);
  CHECK(t.answer() == R"(["good"])");
}

TEST_CASE("a rollback says that the files on disk differ from what serves") {
  Generations t;
  t.version("good");
  t.version("bad");
  CHECK(t.engine->unlike_disk() == "");
  const std::string changed = (t.folder / "pipelines/t.lua").string() + " changed";
  CHECK(t.engine->rollback(true).unlike_disk == changed);
  CHECK(t.engine->rollback(false).unlike_disk == changed);
  CHECK(t.engine->unlike_disk() == changed + " (rolled back from generation 2)");
  t.version("good");
  CHECK(t.engine->unlike_disk() == "");
}

TEST_CASE("rollback without scripts of another text is refused") {
  Generations t;
  t.version("1");
  t.version("1");
  CHECK(t.engine->rollback(false).status.code() == Code::failed_precondition);
  CHECK(t.engine->rollback(true).status.code() == Code::failed_precondition);
  CHECK(t.answer() == R"(["1"])");
}

TEST_CASE("files that differ from what serves are named with the reason") {
  Generations t;
  CHECK(t.start().unlike_disk() == "");  // nothing serves yet
  t.version("1");
  CHECK(t.engine->unlike_disk() == "");
  t.write("policies/p.lua", "nonsense(");
  CHECK(t.engine->unlike_disk() == (t.folder / "policies/p.lua").string() + " is new");
  CHECK_FALSE(t.engine->load(true).errors.empty());  // a dry run refuses nothing
  CHECK(t.engine->unlike_disk() == (t.folder / "policies/p.lua").string() + " is new");
  CHECK_FALSE(t.engine->load(false).errors.empty());
  CHECK(t.engine->unlike_disk() ==
        (t.folder / "policies/p.lua").string() + " is new (the last reload was refused with 1 error)");
  std::filesystem::remove(t.folder / "policies/p.lua");
  CHECK(t.engine->unlike_disk() == "");
  std::filesystem::remove(t.folder / "pipelines/t.lua");
  CHECK_THAT(*t.engine->unlike_disk(), Catch::Contains("pipelines/t.lua is gone"));
}

TEST_CASE("a folder of scripts that cannot be read is a fault and what served goes on") {
  Generations t;
  std::filesystem::permissions(t.folder, std::filesystem::perms(0755));
  t.version("1");
  for (const char* name : {"pipelines", "policies"}) {
    const std::string path = (t.folder / name).string();
    std::filesystem::permissions(path, std::filesystem::perms::none);
    LoadReport report;
    std::optional<std::string> differs;
    {
      const AsNobody unprivileged;
      report = t.engine->load(false);
      differs = t.engine->unlike_disk();
    }
    std::filesystem::permissions(path, std::filesystem::perms(0755));
    REQUIRE_FALSE(report.errors.empty());
    CHECK(report.errors[0].file == path);
    CHECK_THAT(report.errors[0].message, Catch::Contains("cannot read this folder: no permission"));
    CHECK(report.generation == 0);
    CHECK_THAT(differs.value(), Catch::Contains(path + ": cannot read this folder"));
    CHECK(t.answer() == R"(["1"])");
    CHECK(t.alive() == "1*:0");
  }
}

TEST_CASE("a missing script file is an error of its own") {
  Generations t;
  t.options.pipelines.push_back((t.folder / "nowhere.lua").string());
  const LoadReport report = t.version("1");
  REQUIRE(report.errors.size() == 1);
  CHECK(report.errors[0].file == (t.folder / "nowhere.lua").string());
  CHECK(report.errors[0].message.find("cannot open it: no such file or folder") == 0);
}

TEST_CASE("a script that describes something else each time is refused before it serves and by the dry run") {
  Generations t;
  const LoadReport report = t.load(
      "local n = 's' .. math.random(1 << 60)\n"
      "return dm.pipeline('p', { input = { text = 'string' }, dm.stage(n, { run = function() return 1 end }), output = "
      "{} })");
  CHECK_THAT(t.errors_of(report), Catch::Contains("t.lua:2: stage p/s") &&
                                      Catch::Contains("the script describes something else each time it runs"));
  CHECK(report.generation == 0);
  CHECK(t.engine->load(true).errors.size() == 1);
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
