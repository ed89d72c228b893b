#include "search/metadata.h"

#include <catch2/catch.hpp>
#include <limits>

#include "plugin-api/value_builder.h"

namespace dormouse::search {
namespace {

using dormouse_test::AlignedBytes;
using dormouse_test::Serialiser;
using dormouse_test::Tree;

std::string encoded(const Tree& tree) {
  const AlignedBytes bytes = Serialiser::bytes(tree);
  return encode_metadata(View(bytes.root()), "row 7");
}

size_t fields_in(const std::string& bytes) {
  std::vector<std::string_view> fields;
  REQUIRE(split_fields(bytes, fields));
  return fields.size();
}

}  // namespace

TEST_CASE("each scalar becomes one field and null becomes none") {
  const std::string bytes = encoded(Tree::map({{"a", Tree::boolean(true)},
                                               {"b", Tree::integer(-7)},
                                               {"c", Tree::number(0.5)},
                                               {"d", Tree::string("text")},
                                               {"e", Tree{}}}));
  CHECK(fields_in(bytes) == 4);
  CHECK(encoded(Tree::map({})).empty());
}

TEST_CASE("a whole number is the same field as int and as float") {
  CHECK(encoded(Tree::map({{"year", Tree::integer(1999)}})) == encoded(Tree::map({{"year", Tree::number(1999)}})));
  CHECK(encoded(Tree::map({{"year", Tree::integer(1)}})) != encoded(Tree::map({{"year", Tree::boolean(true)}})));
}

TEST_CASE("what is no scalar or too large is refused with row and field") {
  CHECK_THROWS_WITH(encoded(Tree::map({{"tags", Tree::list({})}})),
                    Catch::Contains("row 7") && Catch::Contains("'tags'"));
  CHECK_THROWS_WITH(encoded(Tree::map({{"x", Tree::string(std::string(5000, 'x'))}})), Catch::Contains("4096"));
  CHECK_THROWS_AS(encoded(Tree::map({{"x", Tree::number(std::numeric_limits<double>::infinity())}})), Failure);
  CHECK_THROWS_AS(encoded(Tree::map({{"", Tree::integer(1)}})), Failure);
  CHECK_THROWS_AS(encoded(Tree::string("x")), Failure);
  std::vector<std::pair<std::string, Tree>> many;
  for (int i = 0; i < 33; ++i) many.emplace_back(std::to_string(i), Tree::integer(i));
  CHECK_THROWS_WITH(encoded(Tree::map(many)), Catch::Contains("at most 32"));
}

TEST_CASE("damaged bytes are noticed at every place") {
  const std::string bytes = encoded(Tree::map({{"a", Tree::integer(1)}, {"b", Tree::string("text")}}));
  std::vector<std::string_view> fields;
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    const std::string part = bytes.substr(0, cut);
    const bool whole = cut == 0 || cut == 11;
    CHECK(split_fields(part, fields) == whole);
  }
  CHECK_FALSE(split_fields("\x09\x01xyz", fields));
}

TEST_CASE("rows with all of several fields are found") {
  const auto row = [](int64_t a, int64_t b) {
    return encoded(Tree::map({{"a", Tree::integer(a)}, {"b", Tree::integer(b)}}));
  };
  const auto one = [](const char* key, int64_t value) { return encoded(Tree::map({{key, Tree::integer(value)}})); };
  Postings postings;
  for (uint32_t i = 0; i < 100; ++i) postings.add(i, row(i % 2, i % 5));
  CHECK(postings.with_all({one("a", 1)}).size() == 50);
  CHECK(postings.with_all({one("a", 1), one("b", 3)}) == std::vector<uint32_t>{3, 13, 23, 33, 43, 53, 63, 73, 83, 93});
  CHECK(postings.with_all({one("a", 1), one("b", 9)}).empty());
  CHECK(postings.with_all({}).empty());
}

}  // namespace dormouse::search
