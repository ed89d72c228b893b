#include "components/state.h"

#include <catch2/catch.hpp>
#include <set>
#include <utility>

using namespace dormouse;

TEST_CASE("only ready and trimmed components are callable") {
  for (size_t i = 0; i < kStateCount; ++i) {
    const auto state = static_cast<State>(i);
    CHECK(is_callable(state) == (state == State::ready || state == State::trimmed));
  }
}

namespace {

// Ways out of draining that come after instances and component were closed.
bool comes_after_closing(const Transition& t) {
  return t.from == State::draining && t.when.substr(0, 6) == "closed";
}

}  // namespace

TEST_CASE("code is unmapped only after instances and component were closed") {
  for (const Transition& t : kTransitions)
    if (t.to == State::closing) CHECK((t.from == State::parked || comes_after_closing(t)));
}

TEST_CASE("a callable component is drained before anything of it is closed") {
  for (const Transition& t : kTransitions)
    if (is_callable(t.from) && !is_callable(t.to)) CHECK(t.to == State::draining);
}

TEST_CASE("every state can be left again and no way is listed twice") {
  std::set<std::pair<State, State>> ways;
  std::set<State> left;
  for (const Transition& t : kTransitions) {
    CHECK(ways.emplace(t.from, t.to).second);
    left.insert(t.from);
    CHECK_FALSE(t.when.empty());
  }
  CHECK(left.size() == kStateCount);
}

TEST_CASE("a load never starts from a state that still holds a running component") {
  for (const Transition& t : kTransitions)
    if (t.to == State::loading)
      CHECK(
          (comes_after_closing(t) || (!is_callable(t.from) && t.from != State::draining && t.from != State::closing)));
}
