#include "pipeline/engine.h"

#include <catch2/catch.hpp>

#include "unit/pipeline/script_host.h"

using namespace dormouse;

TEST_CASE("a request runs its stages and answers the output") {
  ScriptHostFixture host;
  host.components->add("echo", "{text: string}", "{text: string}");
  const LoadReport report = host.load(R"(
    return dm.pipeline("p", {
      input = { text = "string" },
      dm.stage("first", { component = "echo", input = { text = ref.request.text } }),
      dm.stage("second", { component = "echo", input = { text = ref.first.text } }),
      output = { said = ref.second.text, list = { ref.first.text, 7 } },
    }))");
  REQUIRE(host.errors_of(report) == "");
  REQUIRE(report.generation == 1);
  const PipelineResponse response = host.run("p", text_map({{"text", "hello"}}));
  REQUIRE(response.status.to_string() == "ok");
  CHECK(text_of(response.output) == R"({"list":["hello",7],"said":"hello"})");
  CHECK(outcomes(response) == "first: ok, second: ok");
  CHECK_FALSE(response.degraded);
}
