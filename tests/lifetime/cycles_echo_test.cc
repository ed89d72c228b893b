#include <catch2/catch.hpp>

#include "lifetime/cycles.h"

namespace dormouse {

TEST_CASE("ten thousand loads and unloads of a C plugin leave nothing behind") {
  LiveRegistry host({DORMOUSE_PLUGINS});
  Component& echo = host.add("echo", "echo");
  host.start();
  const uint32_t method = host.method_index(echo, "echo");
  const Value hello = text_value("hello");

  const CycleReport report = run_cycles("echo", 10'000, [&] {
    const Result<Value> answer = host.ask(echo, method, hello);
    REQUIRE(answer.ok());
    REQUIRE(to_debug_string(answer->view()) == to_debug_string(hello.view()));
    unload_completely(host, echo, "/echo.so");
  });

  check_nothing_is_left(report);
  // Each cycle was one load and one proven unload: nothing was served from a mapping that had stayed.
  CHECK(echo.status().generation == report.cycles + kWarmUpCycles);
}

}  // namespace dormouse
