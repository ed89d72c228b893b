#include "graph/expression.h"

#include <catch2/catch.hpp>

namespace dormouse {
namespace {

ExpressionField field(const std::string& name, int node, const std::string& of) {
  Expression value;
  value.kind = Expression::Kind::reference;
  value.reference.node = node;
  value.reference.path = {{of, 0}};
  return {name, std::move(value)};
}

Expression map_of(std::vector<ExpressionField> fields) {
  Expression map;
  map.kind = Expression::Kind::map;
  map.fields = std::move(fields);
  map.restates_record = restates_record(map);
  return map;
}

// Texts by key, in this order; an empty one is null.
Value record(const std::vector<std::pair<std::string, std::string>>& fields) {
  ValueWriter writer;
  writer.map_begin();
  for (const auto& [key, text] : fields) {
    writer.key(key);
    text.empty() ? writer.null() : writer.string(text);
  }
  writer.map_end();
  return *writer.finish();
}

struct Evaluated {
  Evaluated(const Expression& expression, const Value& request, std::vector<Value> nodes = {}) {
    ValueWriter writer;
    const Result<Value> result = evaluate(expression, {request, nodes}, writer);
    REQUIRE(result.ok());
    value = *result;
    text = to_debug_string(value.view());
  }
  bool is(const Value& other) const { return value.view().node == other.view().node; }

  Value value;
  std::string text;
};

const Expression& id_and_text() {
  static const Expression map =
      map_of({field("id", Reference::kRequest, "id"), field("text", Reference::kRequest, "text")});
  return map;
}

}  // namespace

TEST_CASE("a map that names all fields of one record is that record") {
  const Value request = record({{"id", "7"}, {"text", "hello"}});
  REQUIRE(id_and_text().restates_record);
  const Evaluated result(id_and_text(), request);
  CHECK(result.is(request));
  CHECK(result.text == R"({"id":"7","text":"hello"})");
}

TEST_CASE("a map that names some fields of a record holds those alone") {
  const Value request = record({{"id", "7"}, {"text", "hello"}, {"new", "field"}});
  const Evaluated result(id_and_text(), request);
  CHECK_FALSE(result.is(request));
  CHECK(result.text == R"({"id":"7","text":"hello"})");
}

TEST_CASE("a map has its fields in its own order") {
  const Value request = record({{"text", "hello"}, {"id", "7"}});
  CHECK(Evaluated(id_and_text(), request).text == R"({"id":"7","text":"hello"})");
}

TEST_CASE("a null field is left out of a map that names all fields") {
  const Value request = record({{"id", "7"}, {"text", ""}});
  CHECK(Evaluated(id_and_text(), request).text == R"({"id":"7"})");
}

TEST_CASE("a record that lacks a named field is written without it") {
  CHECK(Evaluated(id_and_text(), record({{"id", "7"}})).text == R"({"id":"7"})");
  CHECK(Evaluated(id_and_text(), record({{"id", "7"}, {"next", "8"}})).text == R"({"id":"7"})");
}

TEST_CASE("a map restates no record when it renames or has a default or reads two stages") {
  CHECK_FALSE(restates_record(map_of({field("key", 0, "id")})));
  CHECK_FALSE(restates_record(map_of({field("id", 0, "id"), field("text", 1, "text")})));
  CHECK_FALSE(restates_record(map_of({field("id", Reference::kUnresolved, "id")})));
  CHECK_FALSE(restates_record(map_of({})));
  Expression with_default = map_of({field("id", 0, "id")});
  with_default.fields.front().value.reference.fallback = record({});
  CHECK_FALSE(restates_record(with_default));
  Expression of_a_constant = map_of({field("id", 0, "id")});
  of_a_constant.fields.front().value.kind = Expression::Kind::constant;
  CHECK_FALSE(restates_record(of_a_constant));
  Expression deeper = map_of({field("id", 0, "id")});
  deeper.fields.front().value.reference.path.push_back({"id", 0});
  CHECK_FALSE(restates_record(deeper));
  Expression of_an_element = map_of({field("", 0, "")});
  CHECK_FALSE(of_an_element.restates_record);
}

TEST_CASE("an absent stage leaves a map that restates it empty") {
  CHECK(Evaluated(map_of({field("id", 0, "id")}), record({}), {Value()}).text == "{}");
}

}  // namespace dormouse
