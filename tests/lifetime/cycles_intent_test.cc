#include <catch2/catch.hpp>

#include "lifetime/cycles.h"
#include "support/live/tiny_model.h"

namespace dormouse {

namespace {

constexpr const char* kRows =
    "text\tintent\n"
    "will it rain today\tweather\nwill it rain in Paris\tweather\nis it sunny today\tweather\n"
    "wake me up at seven\talarm\nset an alarm at seven\talarm\nwake me up tomorrow\talarm\n"
    "who painted this\toos\nwho invented paint\toos\n";

}  // namespace

TEST_CASE("a thousand loads and unloads of an intent classifier leave nothing behind") {
  LiveRegistry host({DORMOUSE_PLUGINS});
  Component& intent = host.add("nlu.intent", "nlu-intent");
  host.start();
  train_tiny_model(host, intent, kRows);
  const uint32_t method = host.method_index(intent, "classify");
  const Value text = text_value("will it rain tomorrow");

  const CycleReport report = run_cycles("intent", 1'000, [&] {
    const Result<Value> answer = host.ask(intent, method, text);
    INFO(answer.status().to_string());
    REQUIRE(answer.ok());
    dm_string_view name{};
    REQUIRE(dm_get_string(dm_map_get(answer->view(), "name"), &name));
    REQUIRE(std::string(name.data, name.size) == "weather");
    unload_completely(host, intent, "/nlu-intent.so");
  });

  check_nothing_is_left(report);
  CHECK(intent.status().generation == report.cycles + kWarmUpCycles);
}

}  // namespace dormouse
