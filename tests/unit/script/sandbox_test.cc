#include "script/sandbox.h"

#include <catch2/catch.hpp>

#include "unit/script/lua_script.h"

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
  CHECK(run_lua("return string.pack('c2000000000', '')") == "1: string.pack would make more than 16777216 bytes");
  CHECK(run_lua("return string.format(('%d'):rep(1001), table.unpack({}, 1, 1000))") ==
        "1: string.format takes at most 1000 values");
}

TEST_CASE("table functions do what Lua's own do") {
  CHECK(run_lua("local t = {3, 1, 2}\ntable.sort(t)\nassert(table.concat(t, ',') == '1,2,3')\n"
                "table.sort(t, function(a, b) return a > b end)\nassert(table.concat(t, ',') == '3,2,1')\n"
                "local m = {}\nfor i = 1, 1000 do m[i] = i * 7919 % 1009 end\ntable.sort(m)\n"
                "for i = 2, 1000 do assert(m[i - 1] <= m[i]) end\n"
                "local s = {'b', 'a', 'c'}\ntable.sort(s)\nassert(table.concat(s) == 'abc')\n"
                "table.sort({2, 1}, math.ult)\ntable.sort({})\ntable.sort({1})\n"
                "assert(not pcall(table.sort, {1, 'x'}) and not pcall(table.sort, {1, 2}, 1))") == "");
  CHECK(run_lua("local t = {1, 2}\ntable.insert(t, 3)\ntable.insert(t, 1, 0)\nassert(table.concat(t) == '0123')\n"
                "assert(table.remove(t) == 3 and table.remove(t, 1) == 0 and #t == 2)\n"
                "assert(table.remove({}) == nil and table.remove(t, 3) == nil)\n"
                "assert(not pcall(table.insert, t, 5, 1) and not pcall(table.insert, t, 0, 1))\n"
                "assert(not pcall(table.insert, t) and not pcall(table.remove, t, 5))\n"
                "assert(not pcall(table.insert, 1, 1))") == "");
  CHECK(run_lua("local t = {1, 2, 3}\ntable.move(t, 1, 3, 2)\nassert(table.concat(t) == '1123')\n"
                "table.move(t, 2, 4, 1)\nassert(table.concat(t) == '1233')\n"
                "table.move(t, 2, 4, 1, t)\nassert(table.concat(t) == '2333')\n"
                "assert(table.concat(table.move({7, 8}, 1, 2, 1, {})) == '78')\n"
                "assert(not pcall(table.move, {}, math.mininteger, math.maxinteger, 1))\n"
                "assert(not pcall(table.move, {}, 1, 2, math.maxinteger))") == "");
  CHECK(run_lua("assert(select('#', table.unpack({1, nil, 3}, 1, 3)) == 3 and table.unpack({}, 2, 1) == nil)\n"
                "assert(select('#', table.unpack({}, math.maxinteger, math.maxinteger)) == 1)\n"
                "assert(not pcall(table.unpack, {}, 1, 1e8) and not pcall(table.unpack, {}, math.mininteger, "
                "math.maxinteger))\n"
                "local p = table.pack(nil, 2)\nassert(p.n == 2 and p[2] == 2)") == "");
  CHECK(run_lua("assert(table.concat({}) == '' and table.concat({1, 2.5, 'x'}, ', ') == '1, 2.5, x')\n"
                "assert(table.concat({'a', 'b', 'c'}, '-', 2, 3) == 'b-c' and table.concat({'a'}, '-', 2) == '')\n"
                "assert(table.concat({[math.maxinteger] = 'z'}, '', math.maxinteger, math.maxinteger) == 'z')\n"
                "local ok, e = pcall(table.concat, {1, {}})\n"
                "assert(not ok and e == \"invalid value (at index 2) in table for 'concat'\")") == "");
  CHECK(run_lua("local seen = {}\nlocal p = setmetatable({}, {__len = function() return 3 end,\n"
                "  __index = function(_, k) return 10 - k end, __newindex = function(_, k, v) seen[k] = v end})\n"
                "table.sort(p)\nassert(table.concat(seen, ',') == '7,8,9' and table.concat(p, ',') == '9,8,7')") == "");
}

TEST_CASE("string rep joins as Lua's own") {
  CHECK(run_lua("assert(('ab'):rep(3) == 'ababab' and ('a'):rep(3, ', ') == 'a, a, a' and ('a'):rep(1, ', ') == 'a')\n"
                "assert(('a'):rep(0) == '' and ('a'):rep(-1) == '' and (''):rep(3, '-') == '--')\n"
                "assert(('abc'):rep(1000) == table.concat((function() local t = {} for i = 1, 1000 do t[i] = 'abc' end "
                "return t end)()))") == "");
}

TEST_CASE("memory of a state is capped and the error names the limit and its key") {
  ScriptLimits limits;
  limits.memory_bytes_max = 1 << 20;
  CHECK(run_lua("local t = {}; for i = 1, 1e7 do t[i] = {} end", limits) ==
        "1: out of memory: at most 1 MiB in one Lua state (scripts.memory_bytes_max)");
  const std::string bomb = "local t = {}\nfor i = 1, 1e7 do t[i] = {} end";
  for (const std::string& text : {"coroutine.wrap(function() " + bomb + " end)()",
                                  "local ok, e = pcall(function() " + bomb + " end)\nerror(e, 0)"})
    CHECK(run_lua(text, limits).find(": out of memory: at most 1 MiB in one Lua state") != std::string::npos);
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
