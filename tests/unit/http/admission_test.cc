#include "http/admission.h"

#include <catch2/catch.hpp>
#include <vector>

namespace dormouse {
namespace {

using Places = std::vector<Admission::Place>;

// Enters until there is no place, at most 10,000 times; how often it could.
size_t fill(Admission& admission, const std::string& pipeline, Places& places) {
  size_t entered = 0;
  for (; entered < 10'000; ++entered) {
    Admission::Place place = admission.enter(pipeline);
    if (!place) break;
    places.push_back(std::move(place));
  }
  return entered;
}

}  // namespace

TEST_CASE("a place is free again when it is given back") {
  Admission admission(1);
  for (int i = 0; i < 3; ++i) {
    Admission::Place place = admission.enter("a");
    REQUIRE(place);
    CHECK(admission.running() == 1);
    const Admission::Place second = admission.enter("a");
    CHECK_FALSE(second);
    CHECK(second.refusal() == Admission::Refusal::full);
    const Admission::Place moved = std::move(place);
    CHECK(admission.running() == 1);
  }
  CHECK(admission.running() == 0);
}

TEST_CASE("no places let nobody in") {
  Admission admission(0);
  CHECK_FALSE(admission.enter("a"));
}

TEST_CASE("few places are all there for one pipeline") {
  for (unsigned places = 1; places <= 8; ++places) {
    Admission admission(places);
    Places held;
    CHECK(fill(admission, "a", held) == places);
  }
}

TEST_CASE("a pipeline that holds what it may leaves places for others") {
  Admission admission(256);
  Places cold, warm, third;
  CHECK(fill(admission, "cold", cold) == 228);
  CHECK(admission.enter("cold").refusal() == Admission::Refusal::share);
  CHECK(fill(admission, "warm", warm) > 20);
  warm.clear();
  CHECK(fill(admission, "warm", warm) > 20);
  warm.clear();
  for (int i = 0; i < 1000; ++i) CHECK(admission.enter("warm"));
  cold.clear();
  CHECK(admission.running() == 0);
  CHECK(fill(admission, "warm", warm) == 228);
}

}  // namespace dormouse
