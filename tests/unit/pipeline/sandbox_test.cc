#include "pipeline/sandbox.h"

#include <catch2/catch.hpp>

#include "unit/pipeline/lua_script.h"

using namespace dormouse;

TEST_CASE("libraries that reach the system are not there") {
  for (const char* name : {"io", "os", "debug", "package", "load", "dofile", "loadfile", "collectgarbage", "print"})
    CHECK(run_lua(std::string("local x = ") + name) == std::string("1: '") + name + "' is not available in scripts");
}

TEST_CASE("assigning a global is an error while loading") {
  CHECK(run_lua("local a = 1\nresult = a") ==
        "2: assigning global 'result': scripts share nothing, write 'local result = ...'");
  CHECK(run_lua("_G.x = 1") == "1: assigning global 'x': scripts share nothing, write 'local x = ...'");
  CHECK(run_lua("rawset(_G, 'x', 1)") == "1: this table is read-only");
  CHECK(run_lua("function f() end") == "1: assigning global 'f': scripts share nothing, write 'local f = ...'");
}

TEST_CASE("reading an unknown global is an error that suggests a name") {
  CHECK(run_lua("local x = tostrin(1)") == "1: unknown global 'tostrin': did you mean 'tostring'?");
}

TEST_CASE("library tables and the API are read-only") {
  CHECK(run_lua("string.find = nil") == "1: assigning 'string.find': string is read-only");
  CHECK(run_lua("rawset(table, 'sort', 1)") == "1: this table is read-only");
  CHECK(run_lua("setmetatable(math, {})") == "1: cannot change a protected metatable");
  CHECK(run_lua("require('dormouse').stage = 1") == "1: the dormouse API is read-only");
  CHECK(run_lua("assert(getmetatable('') == false and getmetatable(string) == false)") == "");
}

TEST_CASE("only the dormouse module can be required") {
  CHECK(run_lua("require 'socket'") == "1: module 'socket' is not available: scripts can require \"dormouse\" only");
  CHECK(run_lua("assert(require 'dormouse' == require 'dormouse')") == "");
}

TEST_CASE("bytecode is refused") {
  CHECK(run_lua("\x1bLua").find("attempt to load a binary chunk") != std::string::npos);
}

TEST_CASE("ordinary patterns pass") {
  CHECK(run_lua("assert(('  x '):match('^%s*(.-)%s*$') == 'x')") == "");
  CHECK(run_lua("assert((('a b '):rep(10000)):gsub('%s+', ''):len() == 20000)") == "");
  CHECK(run_lua("assert(('a.-b'):find('.-', 1, true) == 2)") == "");
  CHECK(run_lua("local n = 0; for w in ('a b c'):gmatch('%a+') do n = n + 1 end; assert(n == 3)") == "");
}

TEST_CASE("work inside of library functions is bounded") {
  CHECK(run_lua("return ('x'):rep(1 << 30)") == "1: string.rep would make more than 16777216 bytes");
  CHECK(run_lua("return ('x'):rep(1 << 20, ('y'):rep(100))") == "1: string.rep would make more than 16777216 bytes");
  CHECK(run_lua("local s = ('x'):rep(1 << 20); local t = {}; for i = 1, 20 do t[i] = s end; return table.concat(t)") ==
        "1: table.concat would make more than 16777216 bytes");
  CHECK(run_lua("return table.concat({}, '', 1, math.maxinteger)").find("16777216 bytes") != std::string::npos);
  CHECK(run_lua("local t = {}; for i = 1, 200001 do t[i] = i end; table.sort(t)") ==
        "1: table.sort takes at most 200000 elements");
  CHECK(run_lua("local s = ('x'):rep(1 << 20)\nlocal t = {}; for i = 1, 1000 do t[i] = s end; table.sort(t)") ==
        "2: table.sort of 1000 texts as long as these could take too long: sort by something shorter");
  CHECK(run_lua("table.sort({2, 1}, math.ult)") ==
        "1: table.sort compares with a function of the script: write function(a, b) ... end");
  CHECK(run_lua("local t = {('x'):rep(1 << 20), 'b', 'a'}; table.sort(t); assert(t[1] == 'a')") == "");
  CHECK(run_lua("table.insert(setmetatable({}, {__len = function() return 1 << 40 end}), 1, 0)") ==
        "1: a table with __len is changed up to 1000000 elements");
  CHECK(run_lua("table.move({}, 1, math.maxinteger - 1, 2)") == "1: table.move moves at most 1000000 elements");
  CHECK(run_lua("table.move({}, math.mininteger, math.maxinteger - 1, 1)") ==
        "1: table.move moves at most 1000000 elements");
}

TEST_CASE("memory of a state is capped and the error is Lua's own") {
  ScriptLimits limits;
  limits.memory_bytes_max = 1 << 20;
  CHECK(run_lua("local t = {}; for i = 1, 1e7 do t[i] = {} end", limits) == "1: not enough memory");
}

TEST_CASE("finalizers are refused because nothing could stop them") {
  CHECK(run_lua("setmetatable({}, {__gc = function() end})") ==
        "1: __gc is not available: Lua runs it where nothing can stop it");
  CHECK(run_lua("setmetatable({}, {__index = {}})") == "");
}

TEST_CASE("xpcall gives its handler the error after unwinding") {
  CHECK(run_lua("local ok, e = xpcall(function() error('x', 0) end, function(m) return m .. '!' end)\n"
                "assert(ok == false and e == 'x!')") == "");
  CHECK(
      run_lua("local ok, a, b = xpcall(function(...) return ... end, error, 1, 2)\nassert(ok and a == 1 and b == 2)") ==
      "");
  CHECK(run_lua("local ok = xpcall(error, function() error('again') end)\nassert(ok == false)") == "");
}

TEST_CASE("coroutines work as in plain Lua") {
  CHECK(run_lua(
            "local co = coroutine.create(function(a) local b = coroutine.yield(a + 1); error('e' .. b, 0) end)\n"
            "local ok, x = coroutine.resume(co, 1); assert(ok and x == 2 and coroutine.status(co) == 'suspended')\n"
            "local ok2, e = coroutine.resume(co, 5); assert(not ok2 and e == 'e5' and coroutine.status(co) == 'dead')\n"
            "local n = 0; for i in coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) do n = n + i "
            "end\n"
            "assert(n == 6 and coroutine.isyieldable())\n"
            "local w = coroutine.wrap(function() error({}) end); assert(not pcall(w))\n"
            "assert(coroutine.close(coroutine.create(function() end)))") == "");
}
