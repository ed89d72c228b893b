#include <catch2/catch.hpp>

#include "lifetime/cycles.h"

namespace dormouse {

TEST_CASE("a thousand loads and unloads of entity recognisers leave nothing behind") {
  LiveRegistry host({DORMOUSE_PLUGINS});
  Component& entities = host.add("nlu.entities", "nlu-entities");
  host.start();
  const uint32_t method = host.method_index(entities, "extract");
  const Value text = text_value("write to ann@example.org before 14:30");

  const CycleReport report = run_cycles("entities", 1'000, [&] {
    const Result<Value> answer = host.ask(entities, method, text);
    INFO(answer.status().to_string());
    REQUIRE(answer.ok());
    REQUIRE(dm_count(dm_map_get(answer->view(), "entities")) == 2);
    unload_completely(host, entities, "/nlu-entities.so");
  });

  check_nothing_is_left(report);
  CHECK(entities.status().generation == report.cycles + kWarmUpCycles);
}

}  // namespace dormouse
