#include "script/stage_function.h"

#include <catch2/catch.hpp>

#include <malloc.h>

#include <ctime>
#include <functional>

#include "unit/pipeline/script_host.h"

using namespace dormouse;
using namespace std::chrono_literals;

namespace {

struct Functions : ScriptHostFixture {
  FakeComponent& a = components->add("a", "{text: string, top: int?}", "{text: string}");

  Functions() {
    a.answer = [](const Value& in) -> Result<Value> { return in; };
  }
  void stages(const std::string& text) {
    const LoadReport report = load("return dm.pipeline('p', { input = { text = 'string' },\n" + text + " })");
    if (!report.errors.empty()) throw std::runtime_error(errors_of(report));
  }
  // One run function `f` whose result is the output.
  void function(const std::string& body, const std::string& more = "") {
    stages("dm.stage('f', { run = function(ctx)\n" + body + "\nend, " + more + " }), output = ref.f");
  }
  std::string answer() {
    const PipelineResponse response = run("p", hello);
    return response.status.ok() ? text_of(response.output) : response.status.to_string();
  }
  std::string where() const { return (folder / "pipelines/t.lua").string(); }
  Value hello = text_map({{"text", "hello"}});
  uint64_t script_errors() {
    uint64_t sum = 0;
    for (const MetricFamily& family : metrics.snapshot())
      if (family.name == "dormouse_script_errors_total")
        for (const MetricSample& sample : family.samples) sum += static_cast<uint64_t>(sample.value);
    return sum;
  }
};

}  // namespace

TEST_CASE("a run function reads the request and earlier stages") {
  Functions t;
  t.stages(
      "dm.stage('one', { component = 'a', input = ref.request }),\n"
      "dm.stage('f', { run = function(ctx) return { n = #ctx.request.text, said = ctx.one.text .. '!' } end }), output "
      "= ref.f");
  CHECK(t.answer() == R"({"n":5,"said":"hello!"})");
}

TEST_CASE("a function waits for every stage before it") {
  Functions t;
  t.a.inline_calls = false;
  t.a.takes = 10ms;
  t.stages(
      "dm.stage('one', { component = 'a', input = ref.request }),\n"
      "dm.stage('f', { run = function(ctx) return ctx.one end }), output = ref.f");
  const auto answer = t.begin("p", t.hello);
  t.loop.advance(9ms);
  CHECK_FALSE(answer->response);
  t.loop.advance(1ms);
  REQUIRE(answer->response);
  CHECK(text_of(answer->response->output) == R"({"text":"hello"})");
}

TEST_CASE("an absent stage is nil in ctx and an unknown one an error") {
  Functions t;
  t.a.answer = [](const Value&) -> Result<Value> { return Status(Code::unavailable, "no"); };
  t.stages(
      "dm.stage('one', { component = 'a', optional = true, input = ref.request }),\n"
      "dm.stage('f', { run = function(ctx) return { gone = ctx.one == nil } end }), output = ref.f");
  CHECK(t.answer() == R"({"gone":true})");
  t.function("return ctx.reqest");
  CHECK(t.answer().find("stage 'f' cannot read ctx.reqest: did you mean 'request'?") != std::string::npos);
}

TEST_CASE("null in an optional field is nil in ctx") {
  Functions t;
  const LoadReport report = t.load(
      "return dm.pipeline('p', { input = { text = 'string', top = 'int?', user = { name = 'string?' }, list = "
      "'list<int?>', all = 'map<int?>', free = 'any' },\n"
      "dm.stage('f', { run = function(ctx) local r = ctx.request\n"
      "  local names = 0; for _ in pairs(r.all) do names = names + 1 end\n"
      "  return { top = r.top == nil, name = r.user.name == nil, holes = #r.list, hole = r.list[1] == dm.null,\n"
      "    names = names, free = r.free.x == dm.null, default = r.top or 7 } end }), output = ref.f })");
  REQUIRE(t.errors_of(report) == "");
  ValueWriter w;
  w.map_begin();
  w.key("text"), w.string("hello");
  w.key("top"), w.null();
  w.key("user"), w.map_begin(), w.key("name"), w.null(), w.map_end();
  w.key("list"), w.list_begin(), w.null(), w.integer(2), w.list_end();
  w.key("all"), w.map_begin(), w.key("a"), w.null(), w.key("b"), w.integer(1), w.map_end();
  w.key("free"), w.map_begin(), w.key("x"), w.null(), w.map_end();
  w.map_end();
  CHECK(text_of(t.run("p", *w.finish()).output) ==
        R"({"default":7,"free":true,"hole":true,"holes":2,"name":true,"names":1,"top":true})");
}

TEST_CASE("a stage whose result is null is nil in ctx") {
  Functions t;
  t.stages(
      "dm.stage('nothing', { run = function() end }),\n"
      "dm.stage('f', { run = function(ctx) return { gone = ctx.nothing == nil, text = ctx.request.text } end }), "
      "output = "
      "ref.f");
  CHECK(t.answer() == R"({"gone":true,"text":"hello"})");
}

TEST_CASE("an input function makes the input of its component") {
  Functions t;
  t.stages(
      "dm.stage('one', { component = 'a', input = function(ctx) return { text = ctx.request.text:upper(), top = 4 / 2 "
      "} end }),\noutput = ref.one.text");
  CHECK(t.answer() == "\"HELLO\"");
  CHECK(t.a.inputs.back() == R"({"text":"HELLO","top":2})");
}

TEST_CASE("a fallback function sees the error it stands for") {
  Functions t;
  t.a.answer = [](const Value&) -> Result<Value> {
    return Error{.code = Code::unavailable, .message = "out of order", .object = "component 'a'"};
  };
  t.stages(
      "dm.stage('one', { component = 'a', input = ref.request,\n"
      "  fallback = function(ctx, err) return { text = ctx.request.text .. ': ' .. err.code .. ', ' .. err.message .. "
      "', ' .. tostring(err) } end }),\noutput = ref.one.text");
  const PipelineResponse response = t.run("p", t.hello);
  CHECK(text_of(response.output) == "\"hello: unavailable, out of order, component 'a': out of order\"");
  CHECK(outcomes(response) == "one: fallback");
  CHECK(response.stages[0].error.code() == Code::unavailable);
}

TEST_CASE("a fallback function has to return what its component returns") {
  Functions t;
  t.a.answer = [](const Value&) -> Result<Value> { return Status(Code::unavailable, "no"); };
  t.stages(
      "dm.stage('one', { component = 'a', input = ref.request, fallback = function() return { txt = 1 } end "
      "}),\noutput = ref.one.text");
  CHECK(t.answer() == "stage p/one (" + t.where() +
                          ":2): its function returned what cannot be used: unknown field 'txt' (did you mean "
                          "'text'?)");
}

TEST_CASE("ctx call runs a fast component at once") {
  Functions t;
  t.function("local r = ctx:call('a', 'run', { text = ctx.request.text })\nreturn r.text");
  CHECK(t.answer() == "\"hello\"");
  t.function("return ctx:call('a', nil, { text = 'default' }).text");
  CHECK(t.answer() == "\"default\"");
}

TEST_CASE("ctx call suspends while a lane works and other requests go on") {
  Functions t;
  t.a.inline_calls = false;
  t.a.takes = 10ms;
  t.function(
      "local one = ctx:call('a', 'run', { text = 'x' })\nlocal two = ctx:call('a', 'run', { text = one.text .. 'y' "
      "})\nreturn two.text");
  const auto first = t.begin("p", t.hello);
  const auto second = t.begin("p", t.hello);
  t.loop.advance(10ms);
  CHECK_FALSE(first->response);
  t.loop.advance(10ms);
  REQUIRE(first->response);
  REQUIRE(second->response);
  CHECK(text_of(first->response->output) == "\"xy\"");
  CHECK(outcomes(*first->response) == "f: ok");
}

TEST_CASE("ctx call loads a cold component outside of the timeout of its stage") {
  Functions t;
  t.a.ready = false;
  t.a.inline_calls = false;
  t.a.takes = 10ms;
  t.function("return ctx:call('a', 'run', { text = 'x' })", "timeout = '20ms'");
  const auto answer = t.begin("p", t.hello);
  t.loop.advance(300ms);
  CHECK(t.a.demand_causes == std::vector<std::string>{"request"});
  t.a.load();
  t.loop.advance(10ms);
  REQUIRE(answer->response);
  CHECK(answer->response->status.to_string() == "ok");
  CHECK(answer->response->stages[0].cold == 300ms);
  CHECK(answer->response->stages[0].ran == 10ms);
}

TEST_CASE("a load is wanted by a function only as long as that runs") {
  Functions t;
  t.a.ready = false;
  t.stages(
      "dm.stage('f', { run = function(ctx) return ctx:call('a', 'run', { text = 'x' }) end }), "
      "output = ref.f, deadline = '100ms'");
  const auto late = t.begin("p", t.hello);
  t.loop.run_ready();
  CHECK(t.a.wanted() == 1);
  t.loop.advance(100ms);
  REQUIRE(late->response);
  CHECK(late->response->status.code() == Code::deadline_exceeded);
  CHECK(t.a.waiting() == 1);
  CHECK(t.a.wanted() == 0);
}

TEST_CASE("a cold component that runs inline answers ctx call after its load") {
  Functions t;
  t.a.ready = false;
  t.function("return ctx:call('a', 'run', { text = 'x' })");
  const auto answer = t.begin("p", t.hello);
  t.a.load();
  t.loop.run_ready();
  REQUIRE(answer->response);
  CHECK(text_of(answer->response->output) == R"({"text":"x"})");
}

TEST_CASE("a failed ctx call is an error that pcall catches and that else keeps its code") {
  Functions t;
  t.a.answer = [](const Value&) -> Result<Value> {
    return Error{.code = Code::unavailable, .message = "out of order", .object = "component 'a'"};
  };
  const std::string caught =
      "local ok, e = pcall(ctx.call, ctx, 'a', 'run', { text = 'x' })\nreturn { ok = ok, code = e.code }";
  t.function(caught);
  CHECK(t.answer() == R"({"code":"unavailable","ok":false})");
  t.a.inline_calls = false;
  const auto answer = t.begin("p", t.hello);
  t.loop.advance(1ms);
  REQUIRE(answer->response);
  CHECK(text_of(answer->response->output) == R"({"code":"unavailable","ok":false})");
  t.a.inline_calls = true;
  t.function("return ctx:call('a', 'run', { text = 'x' })");
  const PipelineResponse response = t.run("p", t.hello);
  CHECK(response.status.code() == Code::unavailable);
  CHECK(t.script_errors() == 0);
}

TEST_CASE("ctx call of an unknown component suggests a name") {
  Functions t;
  t.components->add("nlu.intent", "{}", "{}");
  t.function("return ctx:call('nlu.itent', 'run', {})");
  CHECK(t.answer().find("unknown component 'nlu.itent' (did you mean 'nlu.intent'?)") != std::string::npos);
}

TEST_CASE("an error of ctx call lists near names in a field") {
  Functions t;
  t.components->add("nlu.intent", "{}", "{}");
  t.function("local ok, e = pcall(ctx.call, ctx, 'nlu.itent', 'run', {})\nreturn { #e.near, e.near[1], #e.message }");
  CHECK(t.answer() == R"([1,"nlu.intent",29])");
}

TEST_CASE("a refused ctx call has all parts of an error and says where it was made") {
  Functions t;
  t.function(
      "local ok, e = pcall(ctx.call, ctx, 'b', 'run', {})\nreturn { e.code, e.object, e.needed, e.found, e.remedy }");
  CHECK(t.answer() == R"(["not_found","ctx:call","one of 'a'","'b'","call a component of the configuration"])");
  t.function("return ctx:call('a', 'run', { text = print_it })");
  CHECK(t.answer().find("unknown global 'print_it'") != std::string::npos);
  t.function("local f = function() end\nreturn ctx:call('a', 'run', { text = f })");
  CHECK(t.answer() == "stage p/f (" + t.where() + ":2), component 'a', input /text, called at " + t.where() +
                          ":4: a function cannot be a value");
}

TEST_CASE("an input that a component refuses says where the stage stands and whose input it is") {
  Functions t;
  t.stages("dm.stage('one', { component = 'a', input = function() return { text = 7 } end }),\noutput = ref.one");
  CHECK(t.answer() == "stage p/one (" + t.where() + ":2), component 'a', /text: expected string, found number");
}

TEST_CASE("an error table that a function raises keeps its code and its parts") {
  Functions t;
  t.function("error({ code = 'unavailable', message = 'closed on sundays', remedy = 'come back' })");
  const PipelineResponse response = t.run("p", t.hello);
  CHECK(response.status.code() == Code::unavailable);
  CHECK(response.status.to_string() == "stage p/f: closed on sundays; come back");
  t.function("error({ code = 'nonsense', message = 'x' })");
  CHECK(t.run("p", t.hello).status.code() == Code::internal);
  t.function("error({})");
  CHECK(t.run("p", t.hello).status.to_string() == "stage p/f: raised a table without a message");
}

TEST_CASE("a run function that returns nothing gives null") {
  Functions t;
  t.function("local x = 1");
  CHECK(t.answer() == "null");
}

TEST_CASE("ctx call that would have to wait inside a coroutine says so") {
  Functions t;
  t.a.inline_calls = false;
  t.function("return coroutine.wrap(function() return ctx:call('a', 'run', { text = 'x' }) end)()");
  CHECK(t.answer().find("calling 'a' has to wait, which works only in the stage's own function") != std::string::npos);
}

TEST_CASE("calls of one function are bounded") {
  Functions t;
  t.function("for i = 1, 2000 do ctx:call('a', 'run', { text = 'x' }) end");
  CHECK(t.answer().find("a function makes at most 1000 calls") != std::string::npos);
  CHECK(t.a.calls == 1000);
}

TEST_CASE("a timeout stops a function that waits and its late answer is stale") {
  Functions t;
  t.a.inline_calls = false;
  t.a.hangs = true;
  t.function("local r = ctx:call('a', 'run', { text = 'x' })\nreturn r",
             "timeout = '20ms', fallback = { text = 'late' }");
  const auto answer = t.begin("p", t.hello);
  t.loop.advance(20ms);
  REQUIRE(answer->response);
  CHECK(text_of(answer->response->output) == R"({"text":"late"})");
  CHECK(t.a.last_options.cancel.cancelled());
  t.a.answer_one(t.hello);
  t.loop.run_ready();
  CHECK(t.counter("dormouse_stale_completions_total") == 1);
}

TEST_CASE("to-be-closed variables of a cancelled function run") {
  Functions t;
  t.a.inline_calls = false;
  t.a.hangs = true;
  t.stages(
      "dm.stage('f', { optional = true, timeout = '20ms', run = (function()\n"
      "  local closed = 0\n"
      "  return function(ctx)\n"
      "    if ctx.request.text == 'closed?' then return { closed = closed } end\n"
      "    local guard <close> = setmetatable({}, { __close = function() closed = closed + 1 end })\n"
      "    return ctx:call('a', 'run', { text = 'x' })\n"
      "  end end)() }), output = ref.f:default(dm.null)");
  const auto first = t.begin("p", t.hello);
  t.loop.advance(20ms);
  REQUIRE(first->response);
  CHECK(text_of(t.run("p", text_map({{"text", "closed?"}})).output) == R"({"closed":1})");
}

TEST_CASE("a script error at run time names its file and line and is counted") {
  Functions t;
  t.function("local x = ctx.request\nreturn x.text.y.z");
  const PipelineResponse response = t.run("p", t.hello);
  CHECK(response.status.code() == Code::internal);
  CHECK(response.status.to_string().find("t.lua:4: attempt to index a nil value (field 'y')") != std::string::npos);
  CHECK(outcomes(response) == "f: error");
  CHECK(t.script_errors() == 1);
}

TEST_CASE("assigning a global in a function is an error") {
  Functions t;
  t.function("leak = 1");
  CHECK(t.answer().find("assigning global 'leak'") != std::string::npos);
}

TEST_CASE("describing something inside a function is an error") {
  Functions t;
  t.function("return dm.stage('x', {})");
  CHECK(t.answer().find("dm.stage describes something while the script loads; it cannot be called from a function") !=
        std::string::npos);
}

TEST_CASE("ctx is read-only and ends with its request") {
  Functions t;
  t.function("ctx.x = 1");
  CHECK(t.answer().find("ctx is read-only: return what later stages need") != std::string::npos);
  t.stages(
      "dm.stage('f', { run = (function() local kept; return function(ctx)\n kept = kept or ctx\n return kept.request "
      "end end)() }), output = ref.f");
  CHECK(t.answer() == R"({"text":"hello"})");
  CHECK(t.answer().find("this ctx belongs to a request that has ended") != std::string::npos);
}

TEST_CASE("a function that yields by itself is an error") {
  Functions t;
  t.function("coroutine.yield(1)");
  CHECK(t.answer().find("a stage function yielded; only ctx:call waits") != std::string::npos);
}

TEST_CASE("a function over its CPU budget fails its stage and the next request is well") {
  Functions t;
  t.options.limits.entry_cpu_max = 20ms;
  t.function("if ctx.request.text == 'spin' then\nwhile true do pcall(error) end\nend\nreturn { fine = true }");
  const PipelineResponse response = t.run("p", text_map({{"text", "spin"}}));
  CHECK(response.status.code() == Code::internal);
  CHECK(response.status.to_string().find("t.lua:4: its function used up its CPU time; needed at most 20ms") !=
        std::string::npos);
  CHECK(t.counter("dormouse_lua_budget_exceeded_total") == 1);
  CHECK(t.answer() == R"({"fine":true})");
}

TEST_CASE("a function over its memory fails its stage and the next request is well") {
  Functions t;
  t.options.limits.memory_bytes_max = 2 << 20;
  t.function(
      "if ctx.request.text == 'grow' then local t = {}; while true do t[#t + 1] = {} end end\nreturn { fine = true }");
  const std::string told = t.run("p", text_map({{"text", "grow"}})).status.to_string();
  CHECK(told.find(":3: its function used up the memory of its Lua state") != std::string::npos);
  CHECK(told.find("at most 2 MiB in one Lua state (scripts.memory_bytes_max)") != std::string::npos);
  for (int i = 0; i < 10; ++i) CHECK(t.answer() == R"({"fine":true})");
}

TEST_CASE("what a function returns has to be a value") {
  Functions t;
  t.function("return { f = print_it }", "");
  CHECK(t.answer().find("unknown global 'print_it'") != std::string::npos);
  t.function("return { f = function() end }");
  CHECK(t.answer() ==
        "stage p/f (" + t.where() + ":2), /f: its function returned what cannot be used: a function cannot be a value");
}

TEST_CASE("the loop turns between two functions that use up their budgets") {
  Functions t;
  t.options.limits.entry_cpu_max = 1ms;
  std::string stages = "dm.parallel('all', { on_error = 'partial',\n";
  for (int i = 0; i < 4; ++i)
    stages += "dm.stage('s" + std::to_string(i) + "', { run = function() while true do end end }),\n";
  t.stages(stages + "}), output = { a = ref.s0:default('none') }");
  const auto spent = [&] { return t.counter("dormouse_lua_budget_exceeded_total"); };
  std::vector<uint64_t> seen;  // by somebody else on the loop, each time the loop gets to it
  std::function<void()> other = [&] {
    seen.push_back(spent());
    if (spent() < 4) t.loop.post([&] { other(); });
  };
  const auto answer = t.begin("p", t.hello);
  t.loop.post([&] { other(); });
  CHECK(spent() == 1);
  t.loop.run_ready();
  REQUIRE(answer->response);
  CHECK(outcomes(*answer->response) == "all/s0: error, all/s1: error, all/s2: error, all/s3: error");
  CHECK(seen == std::vector<uint64_t>{2, 3, 4});
}

TEST_CASE("a function that is put off ends with its request") {
  Functions t;
  t.options.limits.entry_cpu_max = 1ms;
  t.stages(
      "dm.parallel('all', { on_error = 'partial',\n"
      "dm.stage('s0', { run = function() while true do end end }),\n"
      "dm.stage('s1', { run = function() while true do end end }),\n"
      "}), output = { a = ref.s0:default('none') }");
  const auto answer = t.begin("p", t.hello);
  t.engine->cancel(t.last_ticket, t.loop);
  t.loop.run_ready();
  REQUIRE(answer->response);
  CHECK(answer->response->status.code() == Code::cancelled);
  CHECK(t.counter("dormouse_lua_budget_exceeded_total") == 1);
}

TEST_CASE("what a function leaves behind is collected when nothing else runs") {
  Functions t;
  t.options.limits.entry_cpu_max = 60s;  // a sanitizer on a busy machine needs more than a host gives
  t.function("local t = {}\nfor i = 1, 2e5 do t[i] = { i } end\nreturn #t");
  CHECK(t.answer() == "200000");
  CHECK(t.loop.timers() == 1);
  t.loop.advance(1s);
  CHECK(t.loop.timers() == 0);
  t.function("return 1");
  CHECK(t.answer() == "1");
  t.loop.advance(1s);
}

TEST_CASE("a reload leaves nothing behind") {
  Functions t;
  const auto reload = [&](int from, int to) {
    for (int i = from; i < to; ++i) {
      t.function("return { n = #ctx.request.text, i = " + std::to_string(i) + " }",
                 "fallback = function(ctx, err) return { n = 0, i = 0 } end");
      t.answer();
      t.loop.run_ready();
    }
    return mallinfo2().uordblks;
  };
  reload(0, 40);
  const size_t before = reload(40, 60);
  const size_t after = reload(60, 260);
  INFO(before << " -> " << after << " bytes");
  CHECK(after < before + size_t{200} * 256);  // once 3 KiB stayed with each
}

TEST_CASE("what a function returns is read within the CPU budget") {
  Functions t;
  t.options.limits.entry_cpu_max = 30ms;
  // A table of many slots and no entries, a thousand times: nothing to write, much to look at.
  t.function(
      "local sparse = {}\nfor i = 1, 50000 do sparse['k' .. i] = i end\nfor i = 1, 50000 do sparse['k' .. i] = nil "
      "end\n"
      "local all = {}\nfor i = 1, 20000 do all[i] = sparse end\nreturn all");
  const auto cpu = [] {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
  };
  const double before = cpu();
  CHECK(t.answer().find("CPU time") != std::string::npos);
  CHECK(cpu() - before < 1);
  t.function("return { fine = true }");
  CHECK(t.answer() == R"({"fine":true})");
}

TEST_CASE("requests of refs and static fallbacks never enter Lua") {
  Functions t;
  t.stages("dm.stage('one', { component = 'a', input = ref.request, fallback = { text = 'f' } }), output = ref.one");
  CHECK(t.answer() == R"({"text":"hello"})");
  // A generation that opened a Lua state on a loop posts its closing there when it goes; this one has none to close.
  t.load("return dm.pipeline('p', { output = {} })");
  t.load("return dm.pipeline('p', { output = {} })");
  CHECK(t.loop.run_ready() == 0);
}

TEST_CASE("a function that waits for a component keeps none from draining") {
  Functions t;
  FakeComponent& b = t.components->add("b", "{text: string}", "{text: string}");
  b.inline_calls = false;
  b.hangs = true;
  t.stages(
      "dm.stage('first', { component = 'b', input = ref.request }),\n"
      "dm.stage('two', { run = function(ctx) return ctx:call('a', nil, { text = ctx.first.text }).text end }),\n"
      "dm.stage('three', { component = 'a', input = { text = ref.two } }),\noutput = ref.three.text");
  const auto answer = t.begin("p", t.hello);  // holds a for 'three'
  t.loop.run_ready();
  t.a.ready = false;
  b.answer_one(text_map({{"text", "x"}}));
  t.loop.run_ready();
  REQUIRE(t.a.demand_causes == std::vector<std::string>{"request"});
  t.a.load();
  t.a.ready = false;
  t.loop.run_ready();
  CHECK(t.a.demand_causes == std::vector<std::string>{"request", "request"});  // nothing was left in the hand
  t.a.load();
  t.loop.run_ready();
  REQUIRE(answer->response);
  CHECK(answer->response->status.ok());
}

TEST_CASE("a failure says whether a script or a component is at fault") {
  Functions t;
  const auto fault = [&] { return t.run("p", t.hello).fault; };
  t.function("error('boom')");
  CHECK(fault() == FaultOf::script);
  t.a.answer = [](const Value&) -> Result<Value> { return Status(Code::internal, "thrown"); };
  t.function("return ctx:call('a', nil, { text = 'x' })");
  CHECK(fault() == FaultOf::component);
  t.function("pcall(function() return ctx:call('a', nil, { text = 'x' }) end) error('on its own')");
  CHECK(fault() == FaultOf::script);
  t.stages("dm.stage('one', { component = 'a', input = ref.request }), output = ref.one");
  CHECK(fault() == FaultOf::component);
  t.stages("dm.parallel('g', { dm.stage('f', { run = function() error('no') end }) }), output = ref.f");
  CHECK(fault() == FaultOf::script);
}
