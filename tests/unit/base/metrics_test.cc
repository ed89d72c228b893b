#include "base/metrics.h"

#include <catch2/catch.hpp>
#include <thread>

namespace dormouse {
namespace {

TEST_CASE("the same name and labels are the same counter") {
  Metrics metrics;
  Counter& a = metrics.counter("dormouse_loads_total", {{"component", "a"}});
  CHECK(&metrics.counter("dormouse_loads_total", {{"component", "a"}}) == &a);
  CHECK(&metrics.counter("dormouse_loads_total", {{"component", "b"}}) != &a);
  CHECK(&metrics.counter("dormouse_loads_total") != &a);
}

TEST_CASE("a snapshot has every counter with its value in order of name") {
  Metrics metrics;
  metrics.counter("b_total").add(2);
  metrics.counter("a_total", {{"k", "v"}}).add();
  const auto samples = metrics.snapshot();
  REQUIRE(samples.size() == 2);
  CHECK(samples[0].name == "a_total");
  CHECK(samples[0].labels == Metrics::Labels{{"k", "v"}});
  CHECK(samples[0].value == 1);
  CHECK(samples[1].name == "b_total");
  CHECK(samples[1].value == 2);
}

TEST_CASE("no addition is lost between threads") {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) metrics.counter("n_total").add();
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(metrics.counter("n_total").value() == 40'000);
}

}  // namespace
}  // namespace dormouse
