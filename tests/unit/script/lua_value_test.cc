#include "script/lua_value.h"

#include <catch2/catch.hpp>

#include "script/script_run.h"
#include "unit/pipeline/fake_components.h"

using namespace dormouse;

namespace {

struct Lua {
  ScriptHost host;
  std::unique_ptr<LuaState> state = std::move(*make_script_state({}, host));
  lua_State* L = state->main();
  ValueWriter writer;

  // What Lua expression `text` is as a value, with `v` as its argument.
  Result<Value> eval(const std::string& text, const Value& v = Value(), const char* wanted = nullptr) {
    REQUIRE(LuaState::load_text(L, "local dm = require 'dormouse'; local v = ...; return " + text, "@t").ok());
    Result<Value> result = Value();
    std::optional<Type> type;
    if (wanted) type = *Type::parse(wanted);
    const int function = luaL_ref(L, LUA_REGISTRYINDEX);
    const Status ran = protect(L, [&](lua_State* l) {
      lua_rawgeti(l, LUA_REGISTRYINDEX, function);
      push_value(l, v);
      lua_call(l, 1, 1);
      result = read_value(l, -1, type ? &*type : nullptr, writer);
    });
    lua_settop(L, 0);
    if (!ran.ok()) return ran;
    return result;
  }
  std::string text(const std::string& lua, const Value& v = Value(), const char* wanted = nullptr) {
    const Result<Value> value = eval(lua, v, wanted);
    return value.ok() ? to_debug_string(value->view()) : value.status().to_string();
  }
};

}  // namespace

TEST_CASE("values come back from Lua as they went in") {
  Lua lua;
  const Value value = value_of([](ValueWriter& w) {
    w.map_begin();
    w.key("b"), w.boolean(true);
    w.key("big"), w.integer(9007199254740993);
    w.key("f"), w.number(1.5);
    w.key("list"), w.list_begin(), w.integer(1), w.null(), w.list_end();
    w.key("none"), w.list_begin(), w.list_end();
    w.key("null"), w.null();
    w.key("s"), w.string("é");
    w.map_end();
  });
  CHECK(lua.text("v", value) == to_debug_string(value.view()));
}

TEST_CASE("integers of 64 bits stay integers") {
  Lua lua;
  const Value big = value_of([](ValueWriter& w) { w.integer(INT64_MIN); });
  CHECK(lua.text("v == math.mininteger and math.type(v) == 'integer'", big) == "true");
  CHECK(lua.text("v", big) == "-9223372036854775808");
}

TEST_CASE("null is dm.null and an empty list is dm.list") {
  Lua lua;
  CHECK(lua.text("v == dm.null", value_of([](ValueWriter& w) { w.null(); })) == "true");
  CHECK(lua.text("dm.null") == "null");
  CHECK(lua.text("nil") == "null");
  CHECK(lua.text("dm.list{}") == "[]");
  CHECK(lua.text("{}") == "{}");
  CHECK(lua.text("dm.list{1, 2}") == "[1,2]");
}

TEST_CASE("the wanted type decides what Lua cannot tell apart") {
  Lua lua;
  CHECK(lua.text("{}", Value(), "list<int>") == "[]");
  CHECK(lua.text("{ a = {} }", Value(), "{a: list<int>}") == R"({"a":[]})");
  CHECK(lua.text("3.0", Value(), "int") == "3");
  CHECK(dm_kind(lua.eval("'x'", Value(), "bytes")->view()) == DM_BYTES);
  CHECK(dm_kind(lua.eval("'x'")->view()) == DM_STRING);
  CHECK(dm_kind(lua.eval("'\\xff'")->view()) == DM_BYTES);
  CHECK(lua.text("'\\xff'", Value(), "string") == "a string that is not UTF-8");
}

TEST_CASE("fields come in the order of the wanted record and else sorted") {
  Lua lua;
  CHECK(lua.text("{ a = 1, b = 2, c = 3 }") == R"({"a":1,"b":2,"c":3})");
  CHECK(lua.text("{ a = 1, b = 2, c = 3 }", Value(), "{c: int, a: int, b: int}") == R"({"c":3,"a":1,"b":2})");
}

TEST_CASE("what cannot be a value is refused with its path") {
  Lua lua;
  CHECK(lua.text("{ a = { 1, print_it = 2 } }") == "/a: a table with both names and numbers, or with gaps");
  CHECK(lua.text("{ a = { 1, function() end } }") == "/a/2: a function cannot be a value");
  CHECK(lua.text("{ [1.5] = 1 }") == "a table with both names and numbers, or with gaps");
  CHECK(lua.text("{ x = dm.ref }") == "/x: a userdata cannot be a value");
}

TEST_CASE("a table that contains itself is refused") {
  Lua lua;
  CHECK(lua.text("(function() local t = {}; t.x = { t }; return t end)()") == "/x/1: a table that contains itself");
}

TEST_CASE("depth is bounded") {
  Lua lua;
  const std::string answer = lua.text("(function() local t = 1; for i = 1, 100 do t = { x = t } end; return t end)()");
  CHECK(answer.find("tables nested deeper than 64") != std::string::npos);
  CHECK(lua.eval("(function() local t = 1; for i = 1, 60 do t = { x = t } end; return t end)()").ok());
}

TEST_CASE("size is bounded") {
  Lua lua;
  ValueWriter small(ValueLimits{1000, 64});
  REQUIRE(LuaState::load_text(lua.L, "return ('x'):rep(2000)", "@t").ok());
  REQUIRE(lua_pcall(lua.L, 0, 1, 0) == LUA_OK);
  const Result<Value> value = read_value(lua.L, -1, nullptr, small);
  REQUIRE_FALSE(value.ok());
  CHECK(value.status().code() == Code::resource_exhausted);
}

TEST_CASE("a tensor is a read-only object with elements and a shape") {
  Lua lua;
  const Value tensor = value_of([](ValueWriter& w) {
    const int64_t shape[] = {2, 2};
    auto* data = static_cast<float*>(w.tensor(DM_F32, shape));
    for (int i = 0; i < 4; ++i) data[i] = static_cast<float>(i) / 2;
  });
  CHECK(lua.text("{ #v, v[1], v[4], v.shape[1], v.dtype, v[5] == nil, v[0] == nil }", tensor) ==
        R"([4,0,1.5,2,"f32",true,true])");
  CHECK(lua.text("v", tensor) == to_debug_string(tensor.view()));
  CHECK(lua.text("pcall(function() v[1] = 2 end)", tensor) == "false");
}

TEST_CASE("half floats and small integers are numbers in Lua") {
  Lua lua;
  const Value half = value_of([](ValueWriter& w) {
    const int64_t shape[] = {3};
    auto* data = static_cast<uint16_t*>(w.tensor(DM_F16, shape));
    data[0] = 0x3C00, data[1] = 0xC000, data[2] = 0x0001;
  });
  CHECK(lua.text("v[1] == 1.0 and v[2] == -2.0 and v[3] == 2.0 ^ -24", half) == "true");
  const Value bytes = value_of([](ValueWriter& w) {
    const int64_t shape[] = {1};
    *static_cast<int8_t*>(w.tensor(DM_I8, shape)) = -5;
  });
  CHECK(lua.text("v[1]", bytes) == "-5");
}
