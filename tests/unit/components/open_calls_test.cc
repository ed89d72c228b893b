#include "components/open_calls.h"

#include <catch2/catch.hpp>

using namespace dormouse;

namespace {

struct Call final : OpenCall {
  explicit Call(OpenCalls& calls) : calls(calls) {}
  void end_with(const Status& why) override {
    ended.push_back(why.to_string());
    calls.remove(*this);  // as a call that is answered does
  }
  OpenCalls& calls;
  std::vector<std::string> ended;
};

const Status kGone(Code::unavailable, "the component goes");

}  // namespace

TEST_CASE("calls that are open end with the reason and those that were removed do not") {
  OpenCalls calls;
  const auto open = std::make_shared<Call>(calls);
  const auto answered = std::make_shared<Call>(calls);
  REQUIRE(calls.add(open).ok());
  REQUIRE(calls.add(answered).ok());
  REQUIRE(calls.add(std::make_shared<Call>(calls)).ok());  // freed without a word
  calls.remove(*answered);
  calls.cancel_all(kGone);
  CHECK(open->ended == std::vector<std::string>{kGone.to_string()});
  CHECK(answered->ended.empty());
}

TEST_CASE("a call that comes after the cancel is refused with its reason") {
  OpenCalls calls;
  calls.cancel_all(kGone);
  const auto late = std::make_shared<Call>(calls);
  const Status refused = calls.add(late);
  CHECK(refused.code() == Code::unavailable);
  CHECK(refused.to_string() == kGone.to_string());
  CHECK(late->ended.empty());
}
