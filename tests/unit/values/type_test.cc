#include "values/type.h"

#include <catch2/catch.hpp>
#include <string>

#include "values/value.h"

using namespace dormouse;

namespace {

Type type(std::string_view text) {
  Result<Type> parsed = Type::parse(text);
  INFO(parsed.status().to_string());
  REQUIRE(parsed.ok());
  return *parsed;
}

std::string mistake(std::string_view text) {
  Result<Type> parsed = Type::parse(text);
  REQUIRE_FALSE(parsed.ok());
  CHECK(parsed.status().code() == Code::invalid_argument);
  Error error = parsed.status().error();
  error.object.clear();
  error.needed.clear();
  return Status(std::move(error)).to_string();
}

std::string why_not(std::string_view wanted, std::string_view from) {
  std::string why = "(accepted)";
  type(wanted).accepts(type(from), &why);
  return why;
}

// Builds {"code": <value>} with whatever `write` adds.
template <class Write>
Value built(Write write) {
  ValueWriter w;
  write(w);
  Result<Value> value = w.finish();
  REQUIRE(value.ok());
  return *value;
}

std::string checked(std::string_view wanted, const Value& value, std::string_view path = "") {
  return type(wanted).check(value.view(), path).to_string();
}

}  // namespace

TEST_CASE("types print as they are parsed") {
  for (const char* text : {"bool", "int", "float", "string", "bytes", "any", "list<int>", "map<list<string?>>?",
                           "tensor<f32>", "tensor<f16,[384]>", "tensor<i64,[n,3]>?", "{}", "{a: int}",
                           "{text: string, user: string?, entities: list<{start: int, end: int}>}"})
    CHECK(type(text).to_string() == text);
}

TEST_CASE("blanks between words do not matter") {
  CHECK(type(" list < { a :int , b:tensor< f32 , [ n , 2 ] > } > ? ").to_string() ==
        "list<{a: int, b: tensor<f32,[n,2]>}>?");
}

TEST_CASE("a mistake in a type names its column and what belongs there") {
  CHECK(mistake("") == "column 1: expected a type, found the end of the type");
  CHECK(mistake("strng") == "column 1: unknown type 'strng' (did you mean 'string'?)");
  CHECK(mistake("list<strin>") == "column 6: unknown type 'strin' (did you mean 'string'?)");
  CHECK(mistake("list") == "column 5: expected '<', found the end of the type");
  CHECK(mistake("list<int") == "column 9: expected '>', found the end of the type");
  CHECK(mistake("int int") == "column 5: expected the end of the type, found 'i'");
  CHECK(mistake("int??") == "column 5: expected the end of the type, found '?'");
  CHECK(mistake("{a int}") == "column 4: expected ':', found 'i'");
  CHECK(mistake("{a: int,}") == "column 9: expected a field name, found '}'");
  CHECK(mistake("{a: int, a: int}") == "column 10: a second field 'a'");
  CHECK(mistake("tensor<f64>") == "column 8: expected f32, f16, i8 or i64, found 'f'");
  CHECK(mistake("tensor<f32,[]>") == "column 13: expected a number or a name, found ']'");
  CHECK(mistake("tensor<f32,[-1]>") == "column 13: expected a number or a name, found '-'");
  CHECK(mistake("tensor<f32,[99999999999999999999]>") == "column 13: expected a dimension below 2^63, found '9'");
  CHECK(mistake("tensor<f32,[1,1,1,1,1,1,1,1,1]>") == "column 29: expected at most 8 dimensions, found '1'");
  CHECK(mistake(std::string_view("int\0", 4)) ==
        "column 4: expected the end of the type, found a character that is not printable ASCII");
  CHECK(mistake("1nt") == "column 1: expected a type, found '1'");
}

TEST_CASE("nesting and length of a type are bounded") {
  std::string deep = "int";
  for (int i = 0; i < 31; ++i) deep = "list<" + deep + ">";
  CHECK(Type::parse(deep).ok());
  CHECK(mistake("list<" + deep + ">").find("at most 32 levels of nesting") != std::string::npos);
  CHECK(mistake(std::string(100000, '{')).find("at most 8192 bytes") != std::string::npos);
  CHECK(Type::parse(std::string(8000, '{')).status().to_string().size() < 400);
}

TEST_CASE("equal types are equal whatever the order of their fields") {
  CHECK(type("{a: int, b: string?}") == type("{b: string?, a: int}"));
  CHECK_FALSE(type("{a: int, b: string?}") == type("{a: int, b: string}"));
  CHECK_FALSE(type("{a: int}") == type("{a: int, b: int}"));
  CHECK_FALSE(type("tensor<f32,[n]>") == type("tensor<f32,[3]>"));
  CHECK(type("int").optional() == type("int?"));
  CHECK(type("int?").required() == type("int"));
  CHECK(Type() == type("any"));
  CHECK(Type::list_of(type("int")) == type("list<int>"));
  CHECK(Type::record({{"a", type("int"), "help"}}) == type("{a: int}"));
}

TEST_CASE("every type accepts itself") {
  for (const char* text : {"bool", "int", "float?", "string", "bytes", "any", "list<int?>", "map<string>",
                           "tensor<f32,[n,3]>", "{a: {b: list<int>}, c: int?}"})
    CHECK(why_not(text, text) == "(accepted)");
}

TEST_CASE("int fits where float is wanted and any fits everywhere") {
  CHECK(why_not("float", "int") == "(accepted)");
  CHECK(why_not("list<float>", "list<int>") == "(accepted)");
  CHECK(why_not("int", "float") == "expected int, found float");
  CHECK(why_not("any", "string?") == "(accepted)");
  CHECK(why_not("string", "any") == "(accepted)");
}

TEST_CASE("what may be absent fits only where it may be absent") {
  CHECK(why_not("string?", "string") == "(accepted)");
  CHECK(why_not("string", "string?") == "expected string, found string? which may be absent");
}

TEST_CASE("a misfit inside a record names the field") {
  CHECK(why_not("{code: string}", "{code: int}") == "field 'code': expected string, found int");
  CHECK(why_not("{a: list<{b: int}>}", "{a: list<{b: string}>}") == "field 'a[].b': expected int, found string");
  CHECK(why_not("{code: string}", "{}") == "field 'code': missing, expected string");
  CHECK(why_not("{code: string?}", "{}") == "(accepted)");
  CHECK(why_not("{code: string}", "{code: string, cod: int}") == "field 'cod': unknown (did you mean 'code'?)");
}

TEST_CASE("a record fits a map when all its fields fit the element") {
  CHECK(why_not("map<float>", "{a: int, b: float}") == "(accepted)");
  CHECK(why_not("map<float>", "{a: int, b: string}") == "field 'b': expected float, found string");
  CHECK(why_not("{a: int}", "map<int>") == "expected {a: int}, found map<int>");
}

TEST_CASE("tensor shapes fit when every exact size is guaranteed") {
  CHECK(why_not("tensor<f32>", "tensor<f32,[2,3]>") == "(accepted)");
  CHECK(why_not("tensor<f32,[n,3]>", "tensor<f32,[2,3]>") == "(accepted)");
  CHECK(why_not("tensor<f32,[n]>", "tensor<f32,[dim]>") == "(accepted)");
  CHECK(why_not("tensor<f32,[3]>", "tensor<f32,[n]>") == "expected tensor<f32,[3]>, found tensor<f32,[n]>");
  CHECK(why_not("tensor<f32,[3]>", "tensor<f32,[1,3]>") == "expected tensor<f32,[3]>, found tensor<f32,[1,3]>");
  CHECK(why_not("tensor<f32>", "tensor<i8>") == "expected tensor<f32>, found tensor<i8>");
}

TEST_CASE("values of the right type pass the check") {
  const Value record = built([](ValueWriter& w) {
    const int64_t shape[] = {2, 3};
    w.map_begin();
    w.key("score"), w.integer(1);
    w.key("name"), w.string("x");
    w.key("list"), w.list_begin(), w.integer(1), w.null(), w.list_end();
    w.key("vector"), w.tensor(DM_F32, shape);
    w.key("gone"), w.null();
    w.map_end();
  });
  CHECK(checked("{name: string, score: float, list: list<int?>, vector: tensor<f32,[n,3]>, gone: bool?}", record) ==
        "ok");
  CHECK(checked("map<any>", record) == "ok");
  CHECK(checked("any", record) == "ok");
  CHECK(checked("any", built([](ValueWriter& w) { w.null(); })) == "ok");
}

TEST_CASE("values of a wrong type are refused with a JSON pointer to the fault") {
  const Value value = built([](ValueWriter& w) {
    w.map_begin();
    w.key("a/b~c"), w.list_begin(), w.integer(1), w.string("x"), w.list_end();
    w.map_end();
  });
  CHECK(checked("map<list<int>>", value) == "/a~1b~0c/1: expected int, found string");
  CHECK(checked("map<list<int>>", value, "/input") == "/input/a~1b~0c/1: expected int, found string");
  CHECK(checked("string", value) == "expected string, found map");
  CHECK(checked("string", built([](ValueWriter& w) { w.integer(1); })) == "expected string, found number");
  CHECK(checked("int", built([](ValueWriter& w) { w.number(1.5); })) == "expected int, found number");
  CHECK(checked("int", built([](ValueWriter& w) { w.null(); })) == "expected int, found null");
}

TEST_CASE("unknown and missing fields are refused by name") {
  const Value value = built([](ValueWriter& w) {
    w.map_begin();
    w.key("txet"), w.string("x");
    w.map_end();
  });
  CHECK(checked("{text: string}", value) == "unknown field 'txet' (did you mean 'text'?)");
  CHECK(checked("{txet: string, user: int}", value) == "missing field 'user', expected int");
  CHECK(checked("{txet: string, user: int?}", value) == "ok");
  CHECK(checked("{user: int?, txet: string, more: any?}", value) == "ok");
}

TEST_CASE("fields in any order are found") {
  const Value value = built([](ValueWriter& w) {
    w.map_begin();
    for (const char* name : {"d", "a", "c", "b"}) w.key(name), w.integer(1);
    w.map_end();
  });
  CHECK(checked("{a: int, b: int, c: int, d: int}", value) == "ok");
  CHECK(checked("{a: int, b: int, c: int, d: int, e: int}", value) == "missing field 'e', expected int");
}

TEST_CASE("a field twice in a foreign buffer does not hide a missing one") {
  const Value good = built([](ValueWriter& w) {
    w.map_begin();
    w.key("a"), w.integer(1), w.key("b"), w.integer(2);
    w.map_end();
  });
  std::vector<std::byte> bytes(good.bytes().begin(), good.bytes().end());
  for (std::byte& byte : bytes)
    if (byte == std::byte{'b'}) byte = std::byte{'a'};
  const Result<Value> forged = Value::from_foreign(bytes);
  REQUIRE(forged.ok());
  CHECK(checked("{a: int, b: int}", *forged) == "a field twice");
  CHECK(checked("{a: int, b: int?}", *forged) == "a field twice");
}

TEST_CASE("the shape of a tensor is part of the message") {
  const Value value = built([](ValueWriter& w) {
    const int64_t shape[] = {2, 4};
    w.tensor(DM_F32, shape);
  });
  CHECK(checked("tensor<f32,[n,3]>", value) == "expected tensor<f32,[n,3]>, found tensor<f32,[2,4]>");
  CHECK(checked("tensor<f32,[2]>", value) == "expected tensor<f32,[2]>, found tensor<f32,[2,4]>");
  CHECK(checked("tensor<i8>", value) == "expected tensor<i8>, found tensor<f32,[2,4]>");
}
