#include "cli/ctl_output.h"

#include <catch2/catch.hpp>

#include "cli/value_text.h"
#include "components/json.h"

using namespace dormouse;

namespace {

Value json(const char* text) {
  const auto value = value_from_json(text, "test");
  REQUIRE(value.ok());
  return *value;
}

}  // namespace

TEST_CASE("components are a table") {
  const Value answer = json(
      R"({"components":[{"name":"a","state":"ready","leases":2,"idle_ms":null,"unload_in_ms":1500,"cause":"request",
          "bytes":{"private":2048}},{"name":"b","state":"unloaded","leases":0,"cause":"idle for 2s",
          "bytes":{"returned":1048576}}]})");
  CHECK(show_components(answer.view()) ==
        "COMPONENT  STATE     MEMORY          LEASES  IDLE  UNLOAD IN  CAUSE\n"
        "a          ready     2 KiB           2       -     1.5s       request\n"
        "b          unloaded  1 MiB returned  0       -     -          idle for 2s\n");
}

TEST_CASE("a refusal says what and what to do") {
  const Value problem = json(R"({"title":"Busy","detail":"is in use","object":"component a","needed":"no leases",
                                 "found":"2 leases","remedy":"ask again with wait"})");
  CHECK(show_problem(problem.view()) ==
        "component a: is in use; needed no leases; found 2 leases; ask again with wait\n");
}

TEST_CASE("an answer of another shape is shown and not trusted") {
  CHECK(show_components(json("{}").view()) == "no components are configured\n");
  CHECK(show_components(json("[1,null,\"x\"]").view()).size() > 0);
  CHECK(show_problem(json("{\"detail\":\"\\u001b[2J\"}").view()) == "?[2J\n");
  CHECK(show_event("k", json("{\"fields\":[1]}").view()) == " k ");
}

TEST_CASE("a report is names and values with tables below") {
  CHECK(to_report(json(R"({"lines":12,"accuracy":0.98765,"per":[{"l":"de","n":1},{"l":"en","n":22}]})").view()) ==
        "lines     12\naccuracy  0.9877\n\nper\nl   n\nde  1\nen  22\n");
}
