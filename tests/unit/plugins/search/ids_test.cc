#include "search/ids.h"

#include <catch2/catch.hpp>

namespace dormouse::search {

TEST_CASE("every id among many leads to its row") {
  IdTable numbers(false), texts(true);
  for (int64_t i = 0; i < 5000; ++i) {
    numbers.append({false, i * 1'000'003 - 77, {}});
    texts.append({true, 0, "document-" + std::to_string(i)});
  }
  for (int64_t i = 0; i < 5000; ++i) {
    REQUIRE(numbers.find({false, i * 1'000'003 - 77, {}}) == static_cast<uint32_t>(i));
    REQUIRE(texts.find({true, 0, "document-" + std::to_string(i)}) == static_cast<uint32_t>(i));
  }
  CHECK_FALSE(numbers.find({false, 5, {}}));
  CHECK_FALSE(texts.find({true, 0, "document-5000"}));
  CHECK(texts.at(17).text == "document-17");
}

TEST_CASE("an id that is appended again means the later row") {
  IdTable ids(false);
  ids.append({false, 4, {}});
  ids.append({false, 5, {}});
  ids.append({false, 4, {}});
  CHECK(ids.find({false, 4, {}}) == 2u);
  ids.reserve(1000);
  CHECK(ids.find({false, 4, {}}) == 2u);
}

TEST_CASE("an id of the other kind is not found") {
  IdTable ids(false);
  ids.append({false, 0, {}});
  CHECK_FALSE(ids.find({true, 0, ""}));
}

}  // namespace dormouse::search
