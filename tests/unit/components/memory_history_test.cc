#include "components/memory_history.h"

#include <catch2/catch.hpp>

namespace dormouse {
namespace {

using std::chrono::seconds;
using WallTime = std::chrono::system_clock::time_point;

WallTime at(int second) {
  return WallTime(seconds(1'700'000'000 + second));
}

MemorySample sample(int second, uint64_t resident) {
  return {.at = at(second), .cause = "timer", .object = {}, .process = {resident, resident / 2, resident / 4}};
}

ComponentStatus component(const std::string& name, State state, int64_t bytes) {
  ComponentStatus status;
  status.name = name;
  status.state = state;
  status.generation = 1;
  status.loaded_private_bytes = status.loaded_heap_bytes = bytes;
  return status;
}

}  // namespace

TEST_CASE("a history keeps the last samples and the first one") {
  MemoryHistory history(3);
  for (int i = 0; i < 5; ++i) history.add(sample(i, 100), {});
  const MemoryHistory::View view = history.view({}, "");
  REQUIRE(view.samples.size() == 3);
  CHECK(view.samples.front().at == at(2));
  CHECK(view.samples.back().at == at(4));
  CHECK(view.start->at == at(0));
}

TEST_CASE("the highest and the lowest point are those of the samples kept") {
  MemoryHistory history(3);
  const int resident[] = {900, 300, 500, 400};
  for (int i = 0; i < 4; ++i) history.add(sample(i, static_cast<uint64_t>(resident[i])), {});
  const MemoryHistory::View view = history.view({}, "");
  CHECK(view.highest->process.resident_bytes == 500);
  CHECK(view.lowest->process.resident_bytes == 300);
}

TEST_CASE("an empty history has no points") {
  const MemoryHistory history(3);
  const MemoryHistory::View view = history.view({}, "");
  CHECK_FALSE(view.start);
  CHECK_FALSE(view.highest);
  CHECK(view.samples.empty());
}

TEST_CASE("a component is sampled when something about it changed") {
  MemoryHistory history(10);
  history.add(sample(0, 100), {component("a", State::ready, 50)});
  history.add(sample(5, 100), {component("a", State::ready, 50)});
  history.add(sample(10, 100), {component("a", State::unloaded, 50)});
  const auto of_a = history.view({}, "").components.at("a");
  REQUIRE(of_a.size() == 2);
  CHECK(of_a[0].private_bytes == 50);
  CHECK(of_a[1].state == State::unloaded);
  CHECK(of_a[1].private_bytes == 0);
  CHECK(of_a[1].at == at(10));
}

TEST_CASE("a sample sums what its loaded components brought") {
  MemoryHistory history(10);
  history.add(sample(0, 100),
              {component("a", State::ready, 50), component("b", State::trimmed, 7), component("c", State::parked, 9)});
  const MemorySample kept = history.view({}, "").samples.at(0);
  CHECK(kept.loaded == 2);
  CHECK(kept.components_private_bytes == 57);
}

TEST_CASE("a component that was never touched takes no room") {
  MemoryHistory history(10);
  ComponentStatus untouched;
  untouched.name = "a";
  history.add(sample(0, 100), {untouched});
  CHECK(history.view({}, "").components.empty());
}

TEST_CASE("the samples of one component are bounded") {
  MemoryHistory history(10);
  for (int i = 0; i < 500; ++i) history.add(sample(i, 100), {component("a", State::ready, i)});
  const auto of_a = history.view({}, "a").components.at("a");
  CHECK(of_a.size() == MemoryHistory::kComponentSamplesMax);
  CHECK(of_a.back().private_bytes == 499);
}

TEST_CASE("a view begins where it is asked to and shows one component when that is asked for") {
  MemoryHistory history(10);
  for (int i = 0; i < 4; ++i)
    history.add(sample(i, 100), {component("a", State::ready, i), component("b", State::ready, 1)});
  const MemoryHistory::View view = history.view(at(2), "a");
  CHECK(view.samples.size() == 2);
  CHECK(view.components.at("a").size() == 2);
  CHECK_FALSE(view.components.contains("b"));
}

}  // namespace dormouse
