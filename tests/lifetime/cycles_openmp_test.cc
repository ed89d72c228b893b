#include <catch2/catch.hpp>

#include "lifetime/cycles.h"

namespace dormouse {

// The host keeps libgomp mapped: its worker threads may still be on their way out when the library that started them is
// closed, and running code that is gone is a crash.
TEST_CASE("a plugin with OpenMP is unmapped two hundred times while its runtime stays") {
  LiveRegistry host({DORMOUSE_LIFETIME_PLUGINS});
  Component& openmp = host.add("openmp", "openmp");
  host.start();
  const uint32_t method = host.method_index(openmp, "sum");
  const Value text = text_value("0123456789");

  const CycleReport report = run_cycles("openmp", 200, [&] {
    const Result<Value> answer = host.ask(openmp, method, text);
    INFO(answer.status().to_string());
    REQUIRE(answer.ok());
    int64_t sum = 0;
    REQUIRE(dm_get_int(dm_map_get(answer->view(), "sum"), &sum));
    REQUIRE(sum == int64_t{999'999} * 1'000'000 / 2);
    unload_completely(host, openmp, "/openmp.so");
  });

  check_nothing_is_left(report);
}

}  // namespace dormouse
