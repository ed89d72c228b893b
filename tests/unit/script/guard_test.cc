#include "script/guard.h"

#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <ctime>

#include "unit/script/lua_script.h"

using namespace dormouse;

namespace {

// Real CPU time is the subject here; each of these ends after its budget or never.
std::string run_briefly(const std::string& text) {
  ScriptLimits limits;
  limits.load_cpu_max = std::chrono::milliseconds(30);
  return run_lua(text, limits);
}

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// The budget is 30 ms; what runs on behind it takes many seconds, or for ever.
bool stopped_in_time(const std::string& text) {
  const double before = cpu_seconds();
  const std::string answer = run_briefly(text);
  INFO(text << " -> " << answer);
  CHECK(answer.find("loading takes more than 30ms of CPU time") != std::string::npos);
  return cpu_seconds() - before < 1;
}

bool stopped(const std::string& answer) {
  return answer.find("loading takes more than 30ms of CPU time") != std::string::npos;
}

}  // namespace

TEST_CASE("an endless loop is stopped by its CPU budget") {
  CHECK(run_briefly("local x = 0\nwhile true do x = x + 1 end") == "2: loading takes more than 30ms of CPU time");
}

TEST_CASE("pcall in a loop does not survive the CPU budget") {
  CHECK(stopped(run_briefly("while true do pcall(error) end")));
  CHECK(stopped(run_briefly("while true do pcall(function() while true do end end) end")));
  CHECK(stopped(
      run_briefly("while true do xpcall(function() while true do end end, function() while true do end end) end")));
}

TEST_CASE("the CPU budget reaches coroutines that scripts make") {
  CHECK(stopped(run_briefly("local f = coroutine.wrap(function() while true do end end); while true do f() end")));
  CHECK(stopped(run_briefly("while true do coroutine.resume(coroutine.create(function() while true do end end)) end")));
  CHECK(
      stopped(run_briefly("local co = coroutine.create(function() while true do coroutine.yield() end end)\n"
                          "while true do coroutine.resume(co) end")));
}

TEST_CASE("the CPU budget reaches a comparator that never ends") {
  CHECK(stopped(
      run_briefly("local t = {3, 2, 1}; while true do pcall(table.sort, t, function() while true do end end) end")));
}

TEST_CASE("the CPU budget reaches callbacks of gsub and to-be-closed variables") {
  CHECK(stopped(run_briefly("while true do pcall(string.gsub, 'abc', '.', function() while true do end end) end")));
  CHECK(
      stopped(run_briefly("local x <close> = setmetatable({}, {__close = function() while true do end end})\n"
                          "while true do end")));
}

TEST_CASE("a script within its budget is left alone and so is the next one") {
  CHECK(stopped(run_briefly("while true do end")));
  for (int i = 0; i < 20; ++i)
    CHECK(run_briefly("local x = 0; for i = 1, 1000 do x = x + i end; assert(x == 500500)") == "");
}

TEST_CASE("the budget counts CPU time of one entry only") {
  // Each takes a good part of the budget; together they take far more.
  for (int i = 0; i < 12; ++i) CHECK(run_briefly("local x = 0; for i = 1, 300000 do x = x + i end") == "");
}

// The thread sanitizer delivers signals only in calls that it intercepts, and hides the handlers that are installed.
#if !defined(__SANITIZE_THREAD__)
TEST_CASE("ticks that come late and many at once end no function") {
  ScriptHost host;
  auto state = make_script_state({}, host);
  REQUIRE(state.ok());
  { const CpuGuard first((*state)->main(), std::chrono::milliseconds(30)); }  // the handler is there from now on
  struct sigaction action {};
  REQUIRE(sigaction(CpuGuard::tick_signal(), nullptr, &action) == 0);
  REQUIRE((action.sa_flags & SA_SIGINFO) != 0);
  siginfo_t late{};
  late.si_overrun = 160;
  const CpuGuard entry((*state)->main(), std::chrono::seconds(10));
  for (int i = 0; i < 200; ++i) action.sa_sigaction(CpuGuard::tick_signal(), &late, nullptr);
  CHECK_FALSE(entry.expired());
}

#endif

TEST_CASE("runaway recursion ends far below the depth that Lua allows") {
  CHECK(run_lua("local function f() return 1 + f() end\nf()") == "1: stack overflow: calls nest more than 16000 deep");
  // Also with a stack that is large already, and again and again behind pcall.
  CHECK(run_lua("local function f(n) return 1 + f(n + 1) end\n"
                "select('#', table.unpack({}, 1, 500000))\n"
                "for _ = 1, 20 do\n"
                "  local ok, e = pcall(f, 1)\n"
                "  assert(not ok and e:find('stack overflow: calls nest more than 16000 deep', 1, true))\n"
                "end") == "");
  CHECK(run_lua("local function f(n) return n == 0 and 0 or 1 + f(n - 1) end\nassert(f(10000) == 10000)") == "");
  CHECK(stopped_in_time("local function f() return 1 + f() end\nwhile true do pcall(f) end"));
  CHECK(stopped_in_time("local function f() return pcall(f) end\nwhile true do f() end"));
}

TEST_CASE("coroutines that close or resume each other end their entry and not the host") {
  const std::string chain =
      "local prev\n"
      "for _ = 1, 20000 do\n"
      "  local inner = prev\n"
      "  prev = coroutine.create(function()\n"
      "    local x <close> = setmetatable({}, {__close = function() if inner then coroutine.close(inner) end end})\n"
      "    coroutine.yield()\n"
      "  end)\n"
      "  coroutine.resume(prev)\n"
      "end\n";
  CHECK(run_lua(chain + "coroutine.close(prev)").find(": C stack overflow: coroutines nest too deep") !=
        std::string::npos);
  CHECK(run_lua(chain + "pcall(coroutine.close, prev)\nwhile true do end").find(": C stack overflow") !=
        std::string::npos);
  CHECK(run_lua("local function f() return coroutine.wrap(f)() end\nf()").find("C stack overflow") !=
        std::string::npos);
  CHECK(run_lua("local t = setmetatable({}, {})\n"
                "getmetatable(t).__index = function(_, k) return t[k + 1] end\nreturn t[1]")
            .find("C stack overflow") != std::string::npos);
  CHECK(run_lua("local t = setmetatable({}, {})\n"
                "getmetatable(t).__concat = function(a, b) return a .. b end\nreturn t .. t")
            .find("C stack overflow") != std::string::npos);
  CHECK(run_lua("local t = setmetatable({}, {})\n"
                "getmetatable(t).__tostring = function(x) return tostring(x) end\nreturn tostring(t)")
            .find("C stack overflow") != std::string::npos);
  CHECK(run_lua("local function f() table.sort({1, 2, 3}, f) end\nf()").find("C stack overflow") != std::string::npos);
  CHECK(run_lua("local function f() return (('x'):gsub('.', f)) end\nf()").find("C stack overflow") !=
        std::string::npos);
}

TEST_CASE("a length that changes its answer ends with the CPU budget") {
  const std::string liar =
      "local n = 0\n"
      "local t = setmetatable({}, {__len = function() n = n + 1 return n %% 2 == 1 and FIRST or SECOND end})\n";
  const auto lying = [&](const std::string& first, const std::string& second, const std::string& call) {
    std::string text = liar + call;
    text.replace(text.find("FIRST"), 5, first).replace(text.find("SECOND"), 6, second);
    text.replace(text.find("%%"), 2, "%");
    return text;
  };
  for (const char* call : {"table.insert(t, 1, 'x')", "table.remove(t, 1)", "pcall(table.sort, t, function() end)",
                           "table.concat(t)", "table.unpack(t)"}) {
    const double before = cpu_seconds();
    run_briefly(lying("1", "1 << 60", call));
    CHECK(cpu_seconds() - before < 1);
  }
  CHECK(stopped_in_time(lying("1 << 60", "1", "table.insert(t, 1, 'x')")));
  CHECK(stopped_in_time(lying("1 << 60", "1", "table.remove(t, 1)")));
  CHECK(stopped_in_time("table.move({}, 1, math.maxinteger - 1, 2)"));
  CHECK(stopped_in_time("table.concat(setmetatable({}, {__index = function() return '' end}), '', 1, 1 << 60)"));
}

// What was checked is what is done: there is no second answer that could differ.
TEST_CASE("a table function asks for the length of a table once") {
  for (const char* call : {"table.insert(t, 1, 'x')", "table.insert(t, 'x')", "table.remove(t, 1)", "table.remove(t)",
                           "table.sort(t)", "table.concat(t)", "table.unpack(t)"}) {
    INFO(call);
    CHECK(run_briefly("local asked = 0\n"
                      "local t = setmetatable({ 'a' }, {__len = function() asked = asked + 1\n"
                      "return asked == 1 and 1 or 1 << 60 end})\n" +
                      std::string(call) + "\nassert(asked == 1)") == "");
  }
}

TEST_CASE("what swallows errors between calls of a library function ends with the CPU budget") {
  const std::string busy =
      "local busy = setmetatable({}, {__call = function() while true do end end, __index = pcall, __newindex = "
      "pcall})\n";
  CHECK(stopped_in_time(busy + "return ('a'):rep(1e6):gsub('.', busy)"));
  CHECK(stopped_in_time(busy + "return table.unpack(busy, 1, 900000)"));
  CHECK(stopped_in_time(busy + "return table.move({}, 1, 1 << 40, 1, busy)"));
  CHECK(
      stopped_in_time("local m = {__lt = pcall, __call = function() while true do end end}\n"
                      "local t = {}\nfor i = 1, 1000 do t[i] = setmetatable({}, m) end\n"
                      "while true do table.sort(t) end"));
  CHECK(
      stopped_in_time("return ('a'):rep(1e6):gsub('.', coroutine.wrap(function()\n"
                      "  while true do coroutine.yield('x') pcall(function() while true do end end) end end))"));
}

#if !defined(__SANITIZE_THREAD__)
TEST_CASE("work in C without callbacks ends with the CPU budget") {
  CHECK(stopped_in_time("local t = {}\nfor i = 1, 5e5 do t[i] = -i end\nwhile true do table.sort(t) end"));
  CHECK(stopped_in_time("local s = ('a'):rep(1 << 23)\nreturn s:find('a-b-a-b-c')"));
  CHECK(
      stopped_in_time("local t = {}\nfor i = 1, 1e5 do t[i] = i end\n"
                      "while true do table.insert(t, 1, 0) end"));
  CHECK(run_lua("assert(('').rep('', math.maxinteger) == '')") == "");
}

TEST_CASE("parsing counts as loading") {
  std::string text = "local x\nif x == 0 then\n";
  for (int i = 0; i < 40'000; ++i) text += "elseif x then\n";
  CHECK(stopped_in_time(text + "end"));
}
#endif
