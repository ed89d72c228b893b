#include "dormouse/arguments.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "values/json.h"

namespace dormouse {
namespace {

Value json(const char* text) {
  Result<Value> value = value_from_json(text, "test");
  REQUIRE(value.ok());
  return *value;
}

// What a reader throws, or "".
template <class Read>
std::string refusal(Read read) {
  try {
    read();
  } catch (const Failure& failure) {
    CHECK(failure.status() == DM_INVALID_ARGUMENT);
    return failure.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a number within its bounds is read and the bounds are allowed") {
  const Value in = json(R"({"a": 0.5, "low": 0, "high": 4})");
  CHECK(number_in(in.view(), "a", 1, 0, 4) == 0.5);
  CHECK(number_in(in.view(), "low", 1, 0, 4) == 0);
  CHECK(number_in(in.view(), "high", 1, 0, 4) == 4);
}

TEST_CASE("an absent or null number is the default") {
  const Value in = json(R"({"b": null})");
  CHECK(number_in(in.view(), "a", 0.3, 0, 1) == 0.3);
  CHECK(number_in(in.view(), "b", 0.3, 0, 1) == 0.3);
  CHECK(count_in(in.view(), "b", 3, 0, 10) == 3);
}

TEST_CASE("a number beyond its bounds is refused with field and bounds and what was found") {
  const Value in = json(R"({"a": 4.5, "k": 0, "far": -9007199254740993})");
  CHECK(refusal([&] { number_in(in.view(), "a", 1, 0.05, 4); }) == "field 'a': needed 0.05 to 4, found 4.5");
  CHECK(refusal([&] { count_in(in.view(), "k", 10, 1, 100); }) == "field 'k': needed 1 to 100, found 0");
  CHECK(refusal([&] { count_in(in.view(), "far", 10, 1, 100); }) ==
        "field 'far': needed 1 to 100, found -9007199254740993");
}

TEST_CASE("a default beyond the bounds makes a field required") {
  CHECK(refusal([&] { count_in(json("{}").view(), "dimension", 0, 1, 4096); }) ==
        "field 'dimension': needed 1 to 4096, found 0");
}

TEST_CASE("what is no number is never within bounds") {
  CHECK(refusal([] { number_in(View(), "a", std::nan(""), 0, 1); }) == "field 'a': needed 0 to 1, found nan");
}

TEST_CASE("a whole number is not read from a fraction or another kind") {
  const Value in = json(R"({"k": 2.5, "s": "2"})");
  CHECK(refusal([&] { count_in(in.view(), "k", 1, 1, 10); }) == "expected int, found float");
  CHECK(refusal([&] { count_in(in.view(), "s", 1, 1, 10); }) == "expected int, found string");
}

TEST_CASE("a word stands for its value and the first word is the default") {
  const auto read = [](const Value& in) {
    return choice_in<int>(in.view(), "missing", {{"error", 1}, {"empty", 2}, {"none", 3}});
  };
  CHECK(read(json(R"({"missing": "empty"})")) == 2);
  CHECK(read(json("{}")) == 1);
  CHECK(refusal([&] { read(json(R"({"missing": "nil"})")); }) ==
        "field 'missing': needed 'error', 'empty' or 'none', found 'nil'");
}

TEST_CASE("a list of strings is copied and an absent one is empty") {
  const Value in = json(R"({"names": ["a", "", "c"], "mixed": ["a", 1]})");
  CHECK(strings_of(View(in.view())["names"]) == std::vector<std::string>{"a", "", "c"});
  CHECK(strings_of(View(in.view())["other"]).empty());
  CHECK(refusal([&] { strings_of(View(in.view())["mixed"]); }) == "expected string, found int");
}

}  // namespace dormouse
