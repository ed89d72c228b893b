#include "http/json.h"

#include <bit>
#include <catch2/catch.hpp>
#include <string>

#include "http/float16.h"
#include "http/json_text.h"

namespace dormouse {
namespace {

Type type_of(const std::string& text) {
  Result<Type> type = Type::parse(text);
  REQUIRE(type.ok());
  return *type;
}

// What comes back when `text` is read as `type` and written again.
std::string round(const std::string& text, const std::string& type) {
  const Result<Value> value = parse_json(text, type_of(type));
  INFO(text << " as " << type << ": " << value.status().to_string());
  REQUIRE(value.ok());
  std::string out;
  append_json(out, value->view());
  return out;
}

Error refused(const std::string& text, const std::string& type, const JsonLimits& limits = {}) {
  const Result<Value> value = parse_json(text, type_of(type), limits);
  INFO(text << " as " << type);
  REQUIRE_FALSE(value.ok());
  return value.status().error();
}

std::string refusal(const std::string& text, const std::string& type) {
  const Error error = refused(text, type);
  REQUIRE(error.code == Code::invalid_argument);
  return error.object.empty() ? error.message : error.object + ": " + error.message;
}

}  // namespace

TEST_CASE("values of every type come back as they went in") {
  CHECK(round("true", "bool") == "true");
  CHECK(round("-7", "int") == "-7");
  CHECK(round("0.1", "float") == "0.1");
  CHECK(round("\"h\\u00e4\\n\"", "string") == "\"h\u00e4\\n\"");
  CHECK(round("[1,2,3]", "list<int>") == "[1,2,3]");
  CHECK(round("{\"b\":1,\"a\":2}", "map<int>") == "{\"b\":1,\"a\":2}");
  CHECK(round("{\"text\":\"x\",\"tags\":[]}", "{text: string, tags: list<string>}") == "{\"text\":\"x\",\"tags\":[]}");
  CHECK(round("{\"$bytes\":\"AAEC\"}", "bytes") == "{\"$bytes\":\"AAEC\"}");
  CHECK(round("null", "string?") == "null");
  CHECK(round("  [1]\n", "list<int>") == "[1]");
}

TEST_CASE("any takes everything and tells integers from floats") {
  const std::string text = R"({"a":[1,1.5,true,null,"s",{"x":{}}],"b":{"$bytes":"AA=="},"c":1e3})";
  CHECK(round(text, "any") == R"({"a":[1,1.5,true,null,"s",{"x":{}}],"b":{"$bytes":"AA=="},"c":1000.0})");
  CHECK(round("{}", "any") == "{}");
  CHECK(dm_kind(parse_json("{\"$bytes\":\"\"}", Type())->view()) == DM_BYTES);
}

TEST_CASE("a wrong type is told with its place and both words") {
  const std::string record = "{text: string, n: int, list: list<{x: float}>}";
  CHECK(refusal(R"({"text":1})", record) == "/text: expected string, found number");
  CHECK(refusal(R"({"text":"a","n":"b"})", record) == "/n: expected int, found string");
  CHECK(refusal(R"({"text":"a","n":1,"list":[{"x":1},{"x":[]}]})", record) == "/list/1/x: expected float, found list");
  CHECK(refusal(R"({"text":"a","n":1,"list":[{"x":1},true]})", record) == "/list/1: expected {x: float}, found bool");
  CHECK(refusal("[]", "string") == "expected string, found list");
  CHECK(refusal("{}", "string") == "expected string, found object");
  CHECK(refusal("null", "string") == "expected string, found null");
  CHECK(refusal(R"({"a/b~c":1})", "map<string>") == "/a~1b~0c: expected string, found number");
  CHECK(refusal(R"({"":1})", "map<string>") == "/: expected string, found number");
}

TEST_CASE("the place is right behind closed objects and lists") {
  const std::string type = "{a: {b: int}, c: list<list<int>>, d: string}";
  CHECK(refusal(R"({"a":{"b":1},"c":[[1],[2,3]],"d":4})", type) == "/d: expected string, found number");
  CHECK(refusal(R"({"a":{"b":1},"c":[[1],[2,"x"]],"d":"4"})", type) == "/c/1/1: expected int, found string");
}

TEST_CASE("missing and unknown and repeated fields are refused") {
  CHECK(refusal("{}", "{text: string}") == "missing field 'text', expected string");
  CHECK(refusal(R"({"o":{}})", "{o: {x: int}}") == "/o: missing field 'x', expected int");
  CHECK(refusal(R"({"text":"a","text":"b"})", "{text: string}") == "/text: the same key twice");
  CHECK(refusal(R"({"a":1,"a":2})", "map<int>") == "/a: the same key twice");
  CHECK(refusal(R"([{"a":1,"b":2,"a":3}])", "any") == "/0/a: the same key twice");
  CHECK(round(R"({"text":"a"})", "{text: string, user: string?}") == R"({"text":"a"})");

  const Error unknown = refused(R"({"txt":"a"})", "{text: string, user: string?}");
  CHECK(unknown.message == "unknown field 'txt'");
  CHECK(unknown.near == std::vector<std::string>{"text"});
  CHECK(unknown.needed == "text, user");
}

TEST_CASE("a key twice is found among very many") {
  std::string text = "{";
  for (int i = 0; i < 1000; ++i) text += "\"k" + std::to_string(i) + "\":1,";
  CHECK_THAT(refusal(text + "\"k7\":1}", "map<int>"), Catch::Contains("twice"));
}

TEST_CASE("integers stay within 64 bits") {
  CHECK(round("9223372036854775807", "int") == "9223372036854775807");
  CHECK(round("-9223372036854775808", "int") == "-9223372036854775808");
  for (const char* type : {"int", "any"}) {
    CHECK(refusal("9223372036854775808", type) == "the number is out of range");
    CHECK(refusal("-9223372036854775809", type) == "the number is out of range");
    CHECK(refusal("123456789012345678901234567890", type) == "the number is out of range");
  }
}

TEST_CASE("an int is taken for a float and 1.0 is not taken for an int") {
  CHECK(round("1", "float") == "1.0");
  CHECK(round("123456789012345678901234567890", "float") == "1.2345678901234568e+29");
  const Error error = refused("1.0", "int");
  CHECK(error.message == "expected int, found number");
  CHECK(error.found == "1.0");
  CHECK(refusal("1e3", "int") == "expected int, found number");
}

TEST_CASE("floats are read exactly") {
  for (const char* text : {"0.1", "2.2250738585072014e-308", "1.7976931348623157e+308", "9007199254740993.0",
                           "0.30000000000000004", "-0.0", "5e-324"}) {
    const Result<Value> value = parse_json(text, type_of("float"));
    REQUIRE(value.ok());
    double number = 0;
    REQUIRE(dm_get_float(value->view(), &number));
    CHECK(std::bit_cast<uint64_t>(number) == std::bit_cast<uint64_t>(std::strtod(text, nullptr)));
  }
  CHECK(refusal("1e309", "float") == "the number is out of range");
  CHECK_THAT(refusal("1e999999999999", "float"), Catch::Contains("out of range"));
  CHECK(round("1e-400", "float") == "0.0");
}

TEST_CASE("what is not JSON is refused with the place in the text") {
  CHECK(refusal("", "any") == "expected any, found an empty body");
  CHECK(refusal(" \n", "any") == "expected any, found an empty body");
  CHECK(refusal("{\"a\":1", "any") == "the JSON ends too early, at byte 7");
  CHECK(refusal("[1] x", "any") == "there is more behind the JSON value, at byte 5");
  CHECK(refusal("NaN", "any") == "NaN at byte 1 is not JSON");
  CHECK_THAT(refusal("[-Infinity]", "any"), Catch::Contains("Infinity"));
  CHECK_THAT(refusal("{a:1}", "any"), Catch::Contains("invalid JSON at byte 2"));
  CHECK_THAT(refusal("[1,]", "any"), Catch::Contains("invalid JSON"));
  CHECK_THAT(refusal("01", "any"), Catch::Contains("at byte 2"));
  CHECK_THAT(refusal("/* c */ 1", "any"), Catch::Contains("invalid JSON"));
  CHECK_THAT(refusal("\"a\nb\"", "any"), Catch::Contains("control character"));
  CHECK_THAT(refusal("\"\\ud800\"", "any"), Catch::Contains("invalid JSON"));
}

TEST_CASE("invalid UTF-8 is refused wherever it stands") {
  CHECK_THAT(refusal("\"\xff\"", "string"), Catch::Contains("invalid UTF-8"));
  CHECK_THAT(refusal("\"\xc0\x80\"", "any"), Catch::Contains("UTF-8"));
  CHECK_THAT(refusal("{\"\xed\xa0\x80\":1}", "any"), Catch::Contains("UTF-8"));
  CHECK_THAT(refusal("\"abc\xe2\x82\"", "string"), Catch::Contains("UTF-8"));
}

TEST_CASE("nesting and size are bounded") {
  const std::string deep = std::string(65, '[') + std::string(65, ']');
  CHECK_THAT(refusal(deep, "any"), Catch::Contains("deeper"));
  CHECK(round(std::string(64, '[') + std::string(64, ']'), "any").size() == 128);

  JsonLimits limits;
  limits.value.bytes_max = 1024;
  const Error large = refused("\"" + std::string(2000, 'x') + "\"", "string", limits);
  CHECK(large.code == Code::resource_exhausted);
}

TEST_CASE("tensors are read straight with their shape checked") {
  CHECK(round("[1,2.5,-3]", "tensor<f32,[n]>") == "[1.0,2.5,-3.0]");
  CHECK(round("[[1,2],[3,4],[5,6]]", "tensor<i64,[n,2]>") == "[[1,2],[3,4],[5,6]]");
  CHECK(round("[-128,127]", "tensor<i8,[2]>") == "[-128,127]");
  CHECK(round("[0.5,65504]", "tensor<f16,[n]>") == "[0.5,65504.0]");
  CHECK(round("[[1],[2]]", "tensor<f32>") == "[[1.0],[2.0]]");
  CHECK(round("[]", "tensor<f32,[n]>") == "[]");
  CHECK(round(R"({"v":[[1],[2]],"w":[3]})", "{v: tensor<f32,[n,1]>, w: tensor<i8,[1]>}") ==
        R"({"v":[[1.0],[2.0]],"w":[3]})");
}

TEST_CASE("a tensor value has the declared element type and shape") {
  const Result<Value> value = parse_json("[[1,2,3],[4,5,6]]", type_of("tensor<f32,[n,3]>"));
  REQUIRE(value.ok());
  dm_tensor_view tensor{};
  REQUIRE(dm_get_tensor(value->view(), &tensor));
  CHECK(tensor.dtype == DM_F32);
  REQUIRE(tensor.rank == 2);
  CHECK(tensor.shape[0] == 2);
  CHECK(tensor.shape[1] == 3);
  CHECK(static_cast<const float*>(tensor.data)[4] == 5.0f);
}

TEST_CASE("a tensor of another shape or element is refused with its place") {
  CHECK(refusal(R"({"v":[1,2]})", "{v: tensor<f32,[3]>}") == "/v: expected 3 elements, found 2");
  CHECK(refusal("[[1,2],[3]]", "tensor<f32,[n,m]>") == "/1: expected 2 elements, found 1");
  CHECK(refusal("[1,2]", "tensor<f32,[n,m]>") == "/0: expected list, found number");
  CHECK(refusal("[[1]]", "tensor<f32,[n]>") == "/0: expected number, found list");
  CHECK(refusal("[1,\"x\"]", "tensor<f32,[n]>") == "/1: expected number, found string");
  CHECK(refusal("[1,null]", "tensor<f32,[n]>") == "/1: expected number, found null");
  CHECK(refusal("[1,[2]]", "tensor<f32>") == "/1: expected number, found list");
  CHECK(refusal("[[1],2]", "tensor<f32>") == "/1: expected list, found number");
  CHECK(refusal("[1,128]", "tensor<i8,[n]>") == "/1: the number is out of range");
  CHECK(refusal("[1.5]", "tensor<i64,[n]>") == "/0: expected int, found number");
  CHECK(refusal("[1e39]", "tensor<f32,[n]>") == "/0: the number is out of range");
  CHECK(refusal("[65520]", "tensor<f16,[n]>") == "/0: the number is out of range");
  CHECK(refusal("\"x\"", "tensor<f32,[n]>") == "expected tensor<f32,[n]>, found string");
}

TEST_CASE("a list of tensors counts its elements once") {
  CHECK(refusal("[[1],[2],[\"x\"]]", "list<tensor<f32,[1]>>") == "/2/0: expected number, found string");
  CHECK(refusal("[[1],[2],5]", "list<tensor<f32,[1]>>") == "/2: expected tensor<f32,[1]>, found number");
}

TEST_CASE("bytes are exactly one member of base64") {
  CHECK(refusal("{}", "bytes") == R"(expected bytes as {"$bytes": "<base64>"}, found an object without "$bytes")");
  CHECK_THAT(refusal(R"({"b":"AA=="})", "bytes"), Catch::Contains("and nothing else"));
  CHECK_THAT(refusal(R"({"$bytes":"AA==","x":1})", "bytes"), Catch::Contains("and nothing else"));
  CHECK_THAT(refusal(R"({"$bytes":"AA==","$bytes":"AA=="})", "any"), Catch::Contains("and nothing else"));
  CHECK_THAT(refusal(R"({"$bytes":"AA="})", "bytes"), Catch::Contains("base64"));
  CHECK_THAT(refusal(R"({"$bytes":5})", "any"), Catch::Contains("expected string, found number"));
  CHECK(refusal("\"AA==\"", "bytes") == "expected bytes, found string");
  CHECK(round(R"({"$bytes":"\/\/\/\/"})", "bytes") == R"({"$bytes":"////"})");
}

TEST_CASE("text in many parts is put together") {
  const std::string long_text(10'000, 'a');
  CHECK(round("\"" + long_text + "\\n" + long_text + "\"", "string") == "\"" + long_text + "\\n" + long_text + "\"");
  CHECK(round("{\"" + long_text + "\\\"\":1}", "map<int>") == "{\"" + long_text + "\\\"\":1}");
  CHECK(round("\"\\ud83d\\ude00\"", "string") == "\"\xF0\x9F\x98\x80\"");
}

TEST_CASE("hostile names are cut in messages") {
  const Error error = refused("{\"" + std::string(5000, 'n') + "\":1}", "{text: string}");
  CHECK(error.message.size() < 200);
  CHECK(refused("{\"" + std::string(5000, 'n') + "\":1}", "map<string>").object.size() < 200);
}

TEST_CASE("a byte order mark before JSON is not part of it") {
  CHECK(round("\xef\xbb\xbf{\"text\":\"a\"}", "{text: string}") == R"({"text":"a"})");
  CHECK_THAT(refusal("\xef\xbb\xbf", "int"), Catch::Contains("empty body"));
  CHECK_THAT(refusal("\xef\xbb\xbf[1,]", "any"), Catch::Contains("byte 7"));  // of what was sent
  CHECK_THAT(refusal("[\xef\xbb\xbf]", "any"), Catch::Contains("invalid UTF-8"));
}

}  // namespace dormouse
