#include "http/router.h"

#include <catch2/catch.hpp>

namespace dormouse {
namespace {

std::vector<Route> table() {
  std::vector<Route> routes;
  const auto add = [&](std::string_view method, std::string pattern, std::vector<QueryParameter> query = {}) {
    routes.push_back(Route{.method = method, .pattern = std::move(pattern), .query = std::move(query)});
  };
  add("GET", "/v1/components");
  add("GET", "/v1/components/{name}");
  add("POST", "/v1/components/{name}/load", {{"wait", "integer", ""}, {"dry_run", "boolean", ""}});
  add("POST", "/v1/components");
  add("GET", "/v1/x/{a}/y/{b}");
  return routes;
}

struct Found {
  Request request;
  const Route* route = nullptr;
  Problem problem{};
  std::string allow;
};

Found find(const std::vector<Route>& routes, std::string_view method, std::string_view path,
           std::string_view query = {}) {
  Found found;
  found.request.method = method;
  found.request.path = path;
  found.request.query = query;
  found.route = find_route(routes, found.request, &found.problem, &found.allow);
  return found;
}

}  // namespace

TEST_CASE("a path finds its route and the names in it") {
  const auto routes = table();
  CHECK(find(routes, "GET", "/v1/components").route == &routes[0]);
  const Found one = find(routes, "GET", "/v1/components/nlu.language");
  CHECK(one.route == &routes[1]);
  CHECK(one.request.capture("name") == "nlu.language");
  CHECK(one.request.capture("other").empty());
  const Found two = find(routes, "GET", "/v1/x/1%2F2/y/%41");
  CHECK(two.route == &routes[4]);
  CHECK(two.request.capture("a") == "1/2");
  CHECK(two.request.capture("b") == "A");
}

TEST_CASE("an unknown path is 404 and a near one is named") {
  const auto routes = table();
  const Found found = find(routes, "GET", "/v1/component");
  CHECK(found.route == nullptr);
  CHECK(found.problem.row->status == 404);
  CHECK(found.problem.error.near == std::vector<std::string>{"/v1/components"});
  for (const char* path : {"/", "", "/v1", "/v1/components/", "/v1/components//load", "/v1/components/a/b",
                           "/v1/components/a/load/", "//v1/components", "/V1/components"})
    CHECK(find(routes, "GET", path).problem.row->status == 404);
}

TEST_CASE("a known path with another method is 405 and says which it answers") {
  const auto routes = table();
  const Found found = find(routes, "DELETE", "/v1/components");
  CHECK(found.route == nullptr);
  CHECK(found.problem.row->status == 405);
  CHECK(found.allow == "GET, HEAD, POST, OPTIONS");
  CHECK(find(routes, "HEAD", "/v1/components/x/load").allow == "POST, OPTIONS");
  CHECK(find(routes, "get", "/v1/components").problem.row->status == 405);
}

TEST_CASE("HEAD finds the route of GET") {
  const auto routes = table();
  CHECK(find(routes, "HEAD", "/v1/components").route == &routes[0]);
  CHECK(find(routes, "HEAD", "/v1/components/x").route == &routes[1]);
}

TEST_CASE("unknown query parameters are refused with a suggestion") {
  const auto routes = table();
  CHECK(find(routes, "POST", "/v1/components/x/load", "wait=1&dry_run").route == &routes[2]);
  const Found found = find(routes, "POST", "/v1/components/x/load", "dryrun=1");
  CHECK(found.route == nullptr);
  CHECK(found.problem.row->status == 400);
  CHECK(found.problem.error.near == std::vector<std::string>{"dry_run"});
  CHECK(find(routes, "GET", "/v1/components", "a=1").problem.error.needed == "none");
}

TEST_CASE("a broken escape in a name is refused") {
  const auto routes = table();
  CHECK(find(routes, "GET", "/v1/components/%zz").problem.row->status == 400);
}

}  // namespace dormouse
