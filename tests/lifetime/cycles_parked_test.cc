#include <catch2/catch.hpp>

#include "lifetime/cycles.h"

namespace dormouse {

TEST_CASE("a component parked and reopened a thousand times leaves nothing behind") {
  LiveRegistry host({DORMOUSE_PLUGINS});
  Component& echo = host.add("echo", "echo");
  host.start();
  const uint32_t method = host.method_index(echo, "echo");
  const Value hello = text_value("hello");

  const CycleReport report = run_cycles("parked", 1'000, [&] {
    REQUIRE(host.ask(echo, method, hello).ok());
    const VerbAnswer answer = host.request(echo, Verb::park, {std::chrono::seconds(60), false});
    REQUIRE(answer.status.ok());
    REQUIRE(answer.component.state == State::parked);
  });

  check_nothing_is_left(report);
  CHECK(file_is_mapped("/echo.so"));  // parked is not unloaded: that is what makes it quick
  unload_completely(host, echo, "/echo.so");
}

}  // namespace dormouse
