#include "config/document.h"

#include <catch2/catch.hpp>

using namespace dormouse;

namespace {

struct Parsed {
  std::vector<ConfigError> errors;
  YamlDocument document;
  explicit Parsed(const std::string& text, YamlLimits limits = {})
      : document(YamlDocument::parse(text, "x.yaml", limits, errors)) {}
  std::string first_error() const { return errors.empty() ? "" : errors.front().to_string(); }
};

}  // namespace

TEST_CASE("nodes know the line and column they stand in") {
  const Parsed parsed("a: 1\nb:\n  c: [x, y]\n");
  const YamlNode* c = parsed.document.root().find("b")->find("c");
  REQUIRE(c->items.size() == 2);
  CHECK(c->items[1]->text == "y");
  CHECK(c->items[1]->line == 3);
  CHECK(c->items[1]->column == 10);
}

TEST_CASE("an empty file is null") {
  CHECK(Parsed("").document.root().is_null());
  CHECK(Parsed("# nothing\n").document.root().is_null());
}

TEST_CASE("a syntax error names its line and column") {
  CHECK_THAT(Parsed("a: [1, 2\nb: 3\n").first_error(), Catch::StartsWith("x.yaml:2:"));
}

TEST_CASE("a duplicate key is an error that names both lines") {
  const Parsed parsed("a: 1\nb: 2\na: 3\n");
  CHECK(parsed.first_error() == "x.yaml:3:1: 'a' stands here a second time (first in line 1); keep one");
  CHECK(parsed.document.root().find("a")->text == "1");
}

TEST_CASE("an alias stands for its anchor") {
  const Parsed parsed("a: &x {k: 1}\nb: *x\n");
  REQUIRE(parsed.errors.empty());
  CHECK(parsed.document.root().find("b")->find("k")->text == "1");
}

TEST_CASE("aliases that would expand beyond the limit are refused") {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int n = 0; n < 9; ++n) bomb += ", " + before;
    bomb += "]\n";
  }
  CHECK_THAT(Parsed(bomb).first_error(), Catch::Contains("more than 200000 values"));
}

TEST_CASE("an alias inside its own anchor is refused") {
  CHECK_THAT(Parsed("a: &x [1, *x]\n").first_error(), Catch::Contains("inside the very value"));
}

TEST_CASE("nesting beyond the limit is refused") {
  CHECK_THAT(Parsed(std::string(40, '[') + std::string(40, ']')).first_error(), Catch::Contains("nested deeper"));
  CHECK(!Parsed(std::string(100'000, '[')).errors.empty());
}

TEST_CASE("a file beyond the size limit is refused unread") {
  CHECK_THAT(Parsed("a: 1\n", YamlLimits{.bytes_max = 3}).first_error(), Catch::Contains("larger than 3 bytes"));
}

TEST_CASE("a second document is refused") {
  CHECK_THAT(Parsed("a: 1\n---\nb: 2\n").first_error(), Catch::Contains("second document"));
}

TEST_CASE("a key that is a list is refused") {
  CHECK_THAT(Parsed("? [a, b]\n: 1\n").first_error(), Catch::Contains("key"));
}

TEST_CASE("quoted and tagged scalars are not plain") {
  const Parsed parsed("a: 1\nb: \"1\"\nc: !!str 1\n");
  CHECK(parsed.document.root().find("a")->plain);
  CHECK(!parsed.document.root().find("b")->plain);
  CHECK(!parsed.document.root().find("c")->plain);
}
