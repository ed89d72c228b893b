#include "values/adapt.h"

#include <catch2/catch.hpp>

using namespace dormouse;

TEST_CASE("adapting a constant changes only what does not fit yet") {
  ValueWriter writer;
  writer.map_begin(), writer.key("a"), writer.map_begin(), writer.map_end(), writer.key("n"), writer.number(2.0);
  writer.map_end();
  const Value value = *writer.finish();
  CHECK(to_debug_string(adapt(value, *Type::parse("{a: list<string>, n: int}"), writer).view()) == R"({"a":[],"n":2})");
  CHECK(to_debug_string(adapt(value, *Type::parse("{a: map<string>, n: float}"), writer).view()) ==
        R"({"a":{},"n":2})");
}
