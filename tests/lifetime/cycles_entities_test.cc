#include <catch2/catch.hpp>

#include <array>

#include "lifetime/cycles.h"
#include "support/live/tiny_model.h"

namespace dormouse {
namespace {

// "fly to CITY please", with the city marked.
std::string rows() {
  constexpr std::array kVerbs = {"fly", "go", "travel", "drive"};
  constexpr std::array kCities = {"bonn", "cairo", "rome", "oslo", "lima"};
  std::string text;
  for (const char* verb : kVerbs)
    for (const char* city : kCities) {
      const std::string before = std::string(verb) + " to ";
      text += R"({"text":")" + before + city + R"( please","entities":[{"start":)" + std::to_string(before.size()) +
              R"(,"end":)" + std::to_string(before.size() + std::string(city).size()) + R"(,"type":"city"}]})" + "\n";
    }
  return text;
}

}  // namespace

TEST_CASE("a thousand loads and unloads of a model of slots leave nothing behind") {
  LiveRegistry host({DORMOUSE_PLUGINS});
  Component& entities = host.add("nlu.entities", "nlu-entities");
  host.start();
  train_tiny_model(host, entities, rows(), ".jsonl");
  const uint32_t method = host.method_index(entities, "extract");
  const Value text = text_value("fly to paris please");

  const CycleReport report = run_cycles("entities with a model", 1'000, [&] {
    const Result<Value> answer = host.ask(entities, method, text);
    INFO(answer.status().to_string());
    REQUIRE(answer.ok());
    REQUIRE(dm_count(dm_map_get(answer->view(), "entities")) == 1);
    unload_completely(host, entities, "/nlu-entities.so");
  });

  check_nothing_is_left(report);
  CHECK(entities.status().generation == report.cycles + kWarmUpCycles);
}

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
