#include "pipeline/stage_trace.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

using namespace dormouse;

TEST_CASE("each outcome has the word that operators know it by") {
  CHECK(to_string(Outcome::ok) == "ok");
  CHECK(to_string(Outcome::skipped) == "skipped");
  CHECK(to_string(Outcome::fallback) == "fallback");
  CHECK(to_string(Outcome::error) == "error");
  CHECK(to_string(Outcome::timeout) == "timeout");
  CHECK(to_string(Outcome::cancelled) == "cancelled");
}

TEST_CASE("there are as many words as outcomes") {
  std::set<std::string> words;
  for (size_t i = 0; i < kOutcomes; ++i) words.emplace(to_string(static_cast<Outcome>(i)));
  CHECK(words.size() == kOutcomes);
}
