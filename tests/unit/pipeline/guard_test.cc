#include "pipeline/guard.h"

#include <catch2/catch.hpp>

#include <chrono>

#include "unit/pipeline/lua_script.h"

using namespace dormouse;

namespace {

// Real CPU time is the subject here; each of these ends after its budget or never.
std::string run_briefly(const std::string& text) {
  ScriptLimits limits;
  limits.load_cpu_max = std::chrono::milliseconds(30);
  return run_lua(text, limits);
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
