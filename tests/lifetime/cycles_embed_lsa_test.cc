#include <catch2/catch.hpp>

#include "lifetime/cycles.h"
#include "support/live/tiny_model.h"

namespace dormouse {
namespace {

constexpr const char* kRows =
    "text\n"
    "will it rain today\nrain and wind today\nthe wind brings rain\n"
    "wake me at seven\nthe alarm rings at seven\nset the alarm and wake me\n";

}  // namespace

TEST_CASE("a thousand loads and unloads of an embedder leave nothing behind") {
  LiveRegistry host({DORMOUSE_PLUGINS});
  Component& embedder = host.add("embed.lsa", "embed-lsa");
  host.start();
  train_tiny_model(host, embedder, kRows);
  const uint32_t method = host.method_index(embedder, "embed");
  const Value text = text_value("rain tomorrow");

  const CycleReport report = run_cycles("embed-lsa", 1'000, [&] {
    const Result<Value> answer = host.ask(embedder, method, text);
    INFO(answer.status().to_string());
    REQUIRE(answer.ok());
    dm_tensor_view vector{};
    REQUIRE(dm_get_tensor(dm_map_get(answer->view(), "vector"), &vector));
    REQUIRE(vector.elements == 256);
    unload_completely(host, embedder, "/embed-lsa.so");
  });

  check_nothing_is_left(report);
}

}  // namespace dormouse
