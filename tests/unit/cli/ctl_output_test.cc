#include "cli/ctl_output.h"

#include <catch2/catch.hpp>

#include "cli/value_text.h"
#include "values/json.h"

using namespace dormouse;

namespace {

Value json(const char* text) {
  const auto value = value_from_json(text, "test");
  REQUIRE(value.ok());
  return *value;
}

const Command& command(CommandId id) {
  for (const Command& each : commands())
    if (each.id == id) return each;
  FAIL("no such command");
  return commands().front();
}

}  // namespace

TEST_CASE("a change is told as its object and what happened") {
  const Value answer = json(R"({"verb":"pin","object":"echo","changed":true,"explanation":"pinned"})");
  CHECK(show(command(CommandId::component_verb), answer.view()) == "echo: pinned\n");
  CHECK(show_names(command(CommandId::component_verb), answer.view()) == "echo\n");
}

TEST_CASE("names are one a line and an empty list says so beside the result") {
  const Command& list = command(CommandId::plugins);
  CHECK(show_names(list, json(R"({"plugins":[{"id":"a"},{"id":"b"}],"next":null})").view()) == "a\nb\n");
  const Value none = json(R"({"plugins":[],"next":null})");
  CHECK(show(list, none.view()).empty());
  CHECK(show_notices(list, none.view()) == "dormouse: there are no plugins\n");
}

TEST_CASE("warnings of a change stand beside its result") {
  const Value answer = json(R"({"object":"scripts","warnings":[{"text":"a.lua:1: unused"}]})");
  CHECK(show_notices(command(CommandId::reload), answer.view()) == "dormouse: warning: a.lua:1: unused\n");
}

TEST_CASE("status lists what is not as it should be with the command that ends it") {
  const Value answer = json(
      R"({"version":"0.1.0","pid":7,"uptime_ms":4200,"ready":true,"in_flight":0,"generation":3,
          "components":{"total":2,"ready":1,"failed":1},"memory":{"resident":1048576,"limit":4194304},
          "attention":[{"kind":"failed","object":"ocr","what":"failed: no file","since":"T1","by":null,"reason":null,
          "command":"dormouse ctl load ocr"},{"kind":"pinned","object":"a","what":"pinned until the host ends",
          "since":"T2","by":"local","reason":"ticket 7","command":"dormouse ctl unpin a"}]})");
  CHECK(show_status(answer.view()) ==
        "version      0.1.0, pid 7\nuptime       4.2s\nstate        ready\nrequests     0.0/s, 0 in flight\n"
        "times        -\n"
        "components   2: 1 ready, 1 failed\nmemory       1 MiB of 4 MiB, 25 %\nscripts      generation 3, the files on "
        "disk are "
        "equal\n"
        "config       since the start, the file on disk is equal\n"
        "attention    2\n"
        "  failed ocr  failed: no file             since T1                     dormouse ctl load ocr\n"
        "  pinned a    pinned until the host ends  since T2 by local: ticket 7  dormouse ctl unpin a\n");
}

TEST_CASE("the status says how the last minute went and what differs on disk") {
  const std::string text = show_status(
      json(R"({"in_flight":38,"generation":7,"recent":{"over_ms":60000,"per_second":412.4,"failed_ratio":0.002,
               "degraded_ratio":0.011,"p50_ms":3.1,"p95_ms":44,"p99_ms":388},
               "files_differ":[{"kind":"config","reason":"dormouse.yaml changed"}]})")
          .view());
  CHECK_THAT(text, Catch::Contains("requests     412/s, 38 in flight, 0.2 % failed, 1.1 % degraded\n"));
  CHECK_THAT(text, Catch::Contains("times        p50 3.1ms, p95 44ms, p99 388ms in the last 60.0s\n"));
  CHECK_THAT(text, Catch::Contains("scripts      generation 7, the files on disk are equal\n"));
  CHECK_THAT(text, Catch::Contains("config       since the start, the file on disk differs: dormouse.yaml changed\n"));
}

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

TEST_CASE("an estimate of held memory is never less than nothing") {
  const Value answer = json(
      R"({"components":[{"name":"a","state":"ready","leases":0,"idle_ms":1,"unload_in_ms":1500,"cause":"prefetch",
          "bytes":{"private":-233472,"estimate":true}}]})");
  CHECK_THAT(show_components(answer.view()), Catch::Contains("about 0 B "));
}

TEST_CASE("a refusal says what and what to do") {
  const Value problem = json(R"({"title":"Busy","detail":"is in use","object":"component a","needed":"no leases",
                                 "found":"2 leases","remedy":"ask again with wait"})");
  CHECK(show_problem(problem.view()) ==
        "component a: is in use; needed no leases; found 2 leases; ask again with wait\n");
}

TEST_CASE("a refusal names its object once") {
  const Value problem = json(R"({"detail":"component a: could not be loaded","object":"component a"})");
  CHECK(show_problem(problem.view()) == "component a: could not be loaded\n");
}

TEST_CASE("an answer of another shape is shown and not trusted") {
  CHECK(show_components(json("{}").view()).empty());
  CHECK(show_components(json("[1,null,\"x\"]").view()).size() > 0);
  CHECK(show_problem(json("{\"detail\":\"\\u001b[2J\"}").view()) == "?[2J\n");
  CHECK(show_event("k", json("{\"fields\":[1]}").view()) == " k ");
  CHECK_FALSE(show_status(json("{\"attention\":[1,{}]}").view()).empty());
}

TEST_CASE("a report is names and values with tables below") {
  CHECK(to_report(json(R"({"lines":12,"accuracy":0.98765,"per":[{"l":"de","n":1},{"l":"en","n":22}]})").view()) ==
        "lines     12\naccuracy  0.9877\n\nper\nl   n\nde  1\nen  22\n");
}

TEST_CASE("a map inside a report is one line") {
  CHECK(to_report(json(R"({"dev":{"accuracy":94.03,"rows":3000,"set":"val"},"deep":{"a":[1]},"none":{}})").view()) ==
        "dev   accuracy 94.03, rows 3000, set val\ndeep  {\"a\":[1]}\nnone  {}\n");
}

TEST_CASE("one component is shown in bytes and durations that people read") {
  const Value answer = json(
      R"({"name":"a","idle_ms":1500,"unload_in_ms":null,"bytes":{"mapped":20480,"returned_private":-1048576,
          "estimate":true},"load_ms":{"queued":0.5,"open":1200},"class_reasons":["one","two"],
          "last_error":{"detail":"no such plugin","object":"plugin 'p'","remedy":"put it there"}})");
  CHECK(show(command(CommandId::component), answer.view()) ==
        "name           a\nidle_ms        1.5s\nunload_in_ms   -\n"
        "bytes          mapped 20 KiB, returned private -1 MiB (estimate)\n"
        "load_ms        queued 0.5ms, open 1.2s\nclass_reasons  one, two\n"
        "last_error     plugin 'p': no such plugin; put it there\n");
}

TEST_CASE("plugins show who has them in memory and from which file") {
  const Value answer = json(
      R"({"plugins":[{"id":"p","version":"1.0.0","class":"unmap","types":["t"],"path":"/p.so","sha256":"3f1c09aa5e21beef",
          "in_use":[{"component":"a","current":true},{"component":"b","current":false}]},
          {"id":"q","version":"1.0.0","class":"unmap","types":["t"],"path":"/q.so","in_use":[]}]})");
  CHECK(show_plugins(answer.view()) ==
        "PLUGIN  VERSION  SHA256        CLASS  TYPES  IN USE                FILE\n"
        "p       1.0.0    3f1c09aa5e21  unmap  t      a, b (an older file)  /p.so\n"
        "q       1.0.0    -             unmap  t      -                     /q.so\n");
}
