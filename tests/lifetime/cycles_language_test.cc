#include <catch2/catch.hpp>

#include "lifetime/cycles.h"
#include "support/live/tiny_language.h"

namespace dormouse {

TEST_CASE("a thousand loads and unloads of a component with a model leave nothing behind") {
  LiveRegistry host({DORMOUSE_PLUGINS});
  Component& language = host.add("nlu.language", "nlu-language");
  host.start();
  train_tiny_language(host, language);
  const uint32_t method = host.method_index(language, "detect");
  const Value text = text_value("wie komme ich heute zum Museum");

  const CycleReport report = run_cycles("language", 1'000, [&] {
    const Result<Value> answer = host.ask(language, method, text);
    INFO(answer.status().to_string());
    REQUIRE(answer.ok());
    dm_string_view code{};
    REQUIRE(dm_get_string(dm_map_get(answer->view(), "code"), &code));
    REQUIRE(std::string(code.data, code.size) == "deu");
    unload_completely(host, language, "/nlu-language.so");
  });

  check_nothing_is_left(report);
  CHECK(language.status().generation == report.cycles + kWarmUpCycles);
}

}  // namespace dormouse
