#include "values/json.h"

#include <catch2/catch.hpp>

using namespace dormouse;

namespace {

std::string read(std::string_view text, const ValueLimits& limits = {}) {
  const Result<Value> value = value_from_json(text, "t", limits);
  return value.ok() ? to_debug_string(value->view(), 1000) : value.status().to_string();
}

}  // namespace

TEST_CASE("JSON documents become values") {
  CHECK(read(R"({"a":[1,-2.5,true,false,null,"x\ny"],"b":{}})") ==
        R"({"a":[1,-2.5,true,false,null,"x\u000ay"],"b":{}})");
  CHECK(read(" \n7\n ") == "7");
  CHECK(read(R"("\u20ac")") == "\"\xE2\x82\xAC\"");
  CHECK(read("9223372036854775807") == "9223372036854775807");
}

TEST_CASE("a mistake in JSON names its line and column") {
  CHECK(read("") == "t: line 1, column 1: not JSON: incomplete JSON");
  CHECK(read("{\n  \"a\": x}") == "t: line 2, column 8: not JSON: syntax error");
  CHECK(read("{\"a\":1,\"a\":2}").find("a key twice in one map: 'a'") != std::string::npos);
  CHECK(read("{} x") == "t: line 1, column 4: more text after the JSON value");
  CHECK(read("[1,]").find("not JSON") != std::string::npos);
  CHECK(read("/* no */ 1").find("not JSON") != std::string::npos);
}

TEST_CASE("numbers that lose their value are refused") {
  CHECK(read("9223372036854775808").find("a number that does not fit into 64 bits") != std::string::npos);
  CHECK(read("1e999").find("t: line 1") == 0);
  CHECK(read("NaN").find("not JSON") != std::string::npos);
}

TEST_CASE("invalid UTF-8 in JSON is refused") {
  CHECK(read("\"\xC0\x80\"").find("t: line 1") == 0);
  CHECK(read("\"\\ud800\"").find("t: line 1") == 0);
}

TEST_CASE("size and depth of JSON are bounded") {
  CHECK(read("\"0123456789\"", {.bytes_max = 8}) == "t: the text is larger than allowed");
  CHECK(read(std::string(40, '[') + std::string(40, ']'), {.bytes_max = 1000, .depth_max = 32}).find("t: line 1") == 0);
  CHECK(read(std::string(100000, '[')).find("t: line 1") == 0);
}
