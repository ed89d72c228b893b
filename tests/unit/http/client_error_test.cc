#include "http/client_error.h"

#include <catch2/catch.hpp>

using namespace dormouse;

namespace {

const ClientErrors kErrors({"home", "var", "tmp"});

std::string told(const std::string& text) {
  return kErrors.for_clients(text, "pipelines/support");
}
PipelineResponse failed(Code code, FaultOf fault) {
  PipelineResponse response;
  response.status = Error{.code = code, .message = "t.lua:3: boom", .object = "stage p/f"};
  response.fault = fault;
  return response;
}

}  // namespace

TEST_CASE("clients see neither files nor lines of scripts") {
  CHECK(told("pipelines/support.lua:38: attempt to concatenate a nil value") == "attempt to concatenate a nil value");
  CHECK(told("...ery/long/name.lua:7: its function used up its CPU time") == "its function used up its CPU time");
  CHECK(told("pipelines/support:12: boom") == "boom");
  CHECK(told("stage support/answer (p/support.lua:5), component 'a'") == "stage support/answer, component 'a'");
  CHECK(told("component 'a', input /text, called at t.lua:4") == "component 'a', input /text");
  CHECK(told("ctx:call, called at t.lua:4") == "ctx:call");
  CHECK(told("pipelines/t.lua:1: pipelines/t.lua:2: twice") == "twice");
}

TEST_CASE("clients see no files of the host") {
  CHECK(told("plugin file /home/me/plugins/x.so: is damaged") == "plugin file (a file of the host): is damaged");
  CHECK(told("cannot open '/var/lib/dormouse/models/a/current': no such file") ==
        "cannot open '(a file of the host)': no such file");
  CHECK(told("state/libs/0123456789abcdef0123456789abcdef01234567/x cannot be mapped") ==
        "(a file of the host) cannot be mapped");
  CHECK(told("models in configs/../build/state.") == "models in (a file of the host).");
}

TEST_CASE("what clients need to know stays as it is") {
  for (const char* text : {"/hits/0/text: expected string, found number", "stage support/understand/intent",
                           "took longer than its timeout of 25ms", "retry later, or raise max_pending in dm.pool",
                           "a ratio of 3/4 at 12:30", ""})
    CHECK(told(text) == text);
}

TEST_CASE("a title blames whose fault it is") {
  const auto title = [](Code code, FaultOf fault) {
    const std::string json = to_json(kErrors.problem_of(failed(code, fault), "t.lua"));
    const size_t begin = json.find("\"title\":\"") + 9;
    return json.substr(begin, json.find('"', begin) - begin);
  };
  CHECK(title(Code::internal, FaultOf::script) == "A script failed");
  CHECK(title(Code::internal, FaultOf::component) == "A component failed");
  CHECK(title(Code::internal, FaultOf::host) == "A fault of the host");
  CHECK(title(Code::broken_contract, FaultOf::component) == "A plugin broke its contract");
  CHECK(title(Code::not_found, FaultOf::component) == "Not found");
}
