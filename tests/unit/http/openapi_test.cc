#include "http/openapi.h"

#include <catch2/catch.hpp>
#include <set>

#include "http/json.h"

namespace dormouse {
namespace {

std::string string_of(dm_value value) {
  dm_string_view text{};
  REQUIRE(dm_get_string(value, &text));
  return {text.data, text.size};
}

std::vector<Route> control_table() {
  std::vector<Route> routes;
  routes.push_back(Route{.method = "GET", .pattern = "/healthz", .summary = "Health."});
  routes.push_back(Route{.method = "POST",
                         .pattern = "/v1/components/{name}/load",
                         .access = Route::Access::token,
                         .summary = "Loads.",
                         .query = {{"wait", "integer", "Milliseconds."}}});
  routes.push_back(Route{.method = "GET", .pattern = "/v1/components/{name}", .summary = "One."});
  return routes;
}

std::vector<Route> data_table() {
  std::vector<Route> routes;
  routes.push_back(Route{.method = "GET", .pattern = "/healthz", .summary = "Health."});
  routes.push_back(
      Route{.method = "POST", .pattern = "/v1/pipelines/{name}", .body = Route::Body::required, .summary = "Runs."});
  return routes;
}

}  // namespace

TEST_CASE("the API description has what OpenAPI 3.1 requires and every route") {
  const Result<Value> document = parse_json(openapi_json("0.1.0", control_table(), data_table()), Type());
  INFO(document.status().to_string());
  REQUIRE(document.ok());
  const dm_value root = document->view();
  CHECK(string_of(dm_map_get(root, "openapi")) == "3.1.0");
  CHECK_FALSE(string_of(dm_map_get(dm_map_get(root, "info"), "title")).empty());
  CHECK(string_of(dm_map_get(dm_map_get(root, "info"), "version")) == "0.1.0");

  const dm_value paths = dm_map_get(root, "paths");
  CHECK(dm_count(paths) == 4);
  std::set<std::string> operation_ids;
  for (const auto& table : {control_table(), data_table()}) {
    for (const Route& route : table) {
      const std::string method = route.method == "GET" ? "get" : "post";
      const dm_value operation = dm_map_get(dm_map_get(paths, route.pattern.c_str()), method.c_str());
      INFO(route.pattern);
      REQUIRE(dm_kind(operation) == DM_MAP);
      operation_ids.insert(string_of(dm_map_get(operation, "operationId")));
      CHECK_FALSE(string_of(dm_map_get(operation, "summary")).empty());
      const dm_value responses = dm_map_get(operation, "responses");
      CHECK(dm_kind(dm_map_get(dm_map_get(responses, "200"), "description")) == DM_STRING);
    }
  }
  CHECK(operation_ids.size() == 4);
}

TEST_CASE("every path answers OPTIONS and those with a GET also HEAD") {
  const Result<Value> document = parse_json(openapi_json("0.1.0", control_table(), data_table()), Type());
  REQUIRE(document.ok());
  const dm_value paths = dm_map_get(document->view(), "paths");
  for (const auto& table : {control_table(), data_table()}) {
    for (const Route& route : table) {
      INFO(route.pattern);
      const dm_value path = dm_map_get(paths, route.pattern.c_str());
      const dm_value options = dm_map_get(path, "options");
      CHECK(dm_kind(dm_map_get(dm_map_get(options, "responses"), "204")) == DM_MAP);
      CHECK(dm_kind(dm_map_get(options, "security")) == DM_NULL);
      const dm_value head = dm_map_get(path, "head");
      CHECK((dm_kind(head) == DM_MAP) == (route.method == "GET"));
      if (dm_kind(head) != DM_MAP) continue;
      CHECK(dm_count(dm_map_get(head, "parameters")) == dm_count(dm_map_get(dm_map_get(path, "get"), "parameters")));
      CHECK(dm_kind(dm_map_get(dm_map_get(dm_map_get(head, "responses"), "200"), "content")) == DM_NULL);
    }
  }
}

TEST_CASE("parameters and tokens are described where they are needed") {
  const Result<Value> document = parse_json(openapi_json("0.1.0", control_table(), data_table()), Type());
  REQUIRE(document.ok());
  const dm_value paths = dm_map_get(document->view(), "paths");
  const dm_value load = dm_map_get(dm_map_get(paths, "/v1/components/{name}/load"), "post");
  const dm_value parameters = dm_map_get(load, "parameters");
  REQUIRE(dm_count(parameters) == 2);
  CHECK(string_of(dm_map_get(dm_list_at(parameters, 0), "name")) == "name");
  CHECK(string_of(dm_map_get(dm_list_at(parameters, 0), "in")) == "path");
  CHECK(string_of(dm_map_get(dm_list_at(parameters, 1), "in")) == "query");
  CHECK(dm_count(dm_map_get(load, "security")) == 1);
  const dm_value run = dm_map_get(dm_map_get(paths, "/v1/pipelines/{name}"), "post");
  CHECK(dm_kind(dm_map_get(run, "requestBody")) == DM_MAP);
  CHECK(dm_kind(dm_map_get(run, "security")) == DM_NULL);
}

}  // namespace dormouse
