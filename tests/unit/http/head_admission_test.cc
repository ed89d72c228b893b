#include "http/head_admission.h"

#include <catch2/catch.hpp>

namespace dormouse {
namespace {

ServerOptions some_options() {
  ServerOptions options;
  options.allowed_hosts = {"box.example"};
  options.allowed_origins = {"https://app.example"};
  options.token = "t0k";
  return options;
}

// A listener on 127.0.0.1 with one route of each kind.
struct Listener {
  ServerOptions options = some_options();
  std::vector<Route> routes{
      {.method = "GET", .pattern = "/open/{name}"},
      {.method = "GET", .pattern = "/secret", .access = Route::Access::token},
      {.method = "POST", .pattern = "/post", .body = Route::Body::required},
      {.method = "GET", .pattern = "/healthz", .probe = true},
  };
  HeadAdmission admission{options, routes, "127.0.0.1"};
  Request request;

  HeadAdmission::Verdict judge(std::string_view method, std::string_view target, std::vector<HeaderField> fields,
                               bool announces_body = false, unsigned version = 11) {
    request.method = method;
    const Target parts = split_target(target);
    request.path = parts.path;
    request.query = parts.query;
    request.fields = std::move(fields);
    return admission.judge(request, {.target = target, .version = version, .announces_body = announces_body});
  }
};

constexpr HeaderField kHost{"Host", "localhost"};

unsigned status_of(const HeadAdmission::Verdict& verdict) {
  CHECK_FALSE(verdict.route);
  REQUIRE(verdict.problem);
  return verdict.problem->row->status;
}

}  // namespace

TEST_CASE("a request to a known path with a known host gets its route and captures") {
  Listener l;
  const auto verdict = l.judge("GET", "/open/a%20b", {kHost});
  REQUIRE(verdict.route);
  CHECK(verdict.route == l.routes.data());
  CHECK_FALSE(verdict.problem);
  CHECK_FALSE(verdict.wants_continue);
  CHECK(l.request.capture("name") == "a b");
}

TEST_CASE("a host that is not ours is refused but for a health check by address") {
  Listener l;
  CHECK(status_of(l.judge("GET", "/open/a", {{"Host", "evil.example"}})) == 403);
  CHECK(status_of(l.judge("GET", "/healthz", {{"Host", "evil.example"}})) == 403);
  CHECK(status_of(l.judge("GET", "/open/a", {{"Host", "10.1.2.3"}})) == 403);
  CHECK(l.judge("GET", "/healthz", {{"Host", "10.1.2.3:80"}}).route);
  CHECK(l.judge("GET", "/open/a", {{"Host", "box.example:8080"}}).route);
}

TEST_CASE("an address let in for a health check is not let in for the next request") {
  Listener l;
  CHECK(l.judge("GET", "/healthz", {{"Host", "10.1.2.3"}}).route);
  CHECK(status_of(l.judge("GET", "/open/a", {{"Host", "10.1.2.3"}})) == 403);
}

TEST_CASE("the host of an absolute target goes before the Host field") {
  Listener l;
  CHECK(l.judge("GET", "http://localhost/open/a", {{"Host", "evil.example"}}).route);
  CHECK(status_of(l.judge("GET", "http://evil.example/open/a", {kHost})) == 403);
}

TEST_CASE("a request without Host is refused from version 1.1 on") {
  Listener l;
  CHECK(status_of(l.judge("GET", "/open/a", {})) == 400);
  CHECK(l.judge("GET", "/open/a", {}, false, 10).route);
}

TEST_CASE("a page of another origin is refused and a listed one is remembered for the answer") {
  Listener l;
  CHECK(status_of(l.judge("GET", "/open/a", {kHost, {"Origin", "https://evil.example"}})) == 403);
  CHECK(l.admission.allowed_origin().empty());
  CHECK(l.judge("GET", "/open/a", {kHost, {"Origin", "https://app.example"}}).route);
  CHECK(l.admission.allowed_origin() == "https://app.example");
  CHECK(l.judge("GET", "/open/a", {kHost}).route);
  CHECK(l.admission.allowed_origin().empty());
}

TEST_CASE("a route with a token says so to a request without it") {
  Listener l;
  const auto none = l.judge("GET", "/secret", {kHost});
  CHECK(status_of(none) == 401);
  CHECK(none.token_refused);
  CHECK(none.problem->headers == "WWW-Authenticate: Bearer realm=\"dormouse\"\r\n");
  CHECK(none.problem->error.found == "none");
  CHECK(l.judge("GET", "/secret", {kHost, {"Authorization", "Bearer other"}}).problem->error.found == "another token");
  CHECK(l.judge("GET", "/secret", {kHost, {"Authorization", "Bearer t0k"}}).route);
}

TEST_CASE("a method that a path does not have is refused with those it has") {
  Listener l;
  const auto verdict = l.judge("DELETE", "/secret", {kHost});
  CHECK(status_of(verdict) == 405);
  CHECK(verdict.problem->headers == "Allow: GET, HEAD, OPTIONS\r\n");
}

TEST_CASE("a route that needs a body refuses a request that announces none") {
  Listener l;
  CHECK(status_of(l.judge("POST", "/post", {kHost})) == 411);
  CHECK(l.judge("POST", "/post", {kHost}, true).route);
}

TEST_CASE("only the one known expectation is met") {
  Listener l;
  CHECK(l.judge("POST", "/post", {kHost, {"Expect", "100-Continue"}}, true).wants_continue);
  CHECK(status_of(l.judge("POST", "/post", {kHost, {"Expect", "a pony"}}, true)) == 417);
  CHECK_FALSE(l.judge("POST", "/post", {{"Host", "localhost"}, {"Expect", "100-continue"}}, true, 10).wants_continue);
}

TEST_CASE("OPTIONS is answered without a token and tells a listed page what it may send") {
  Listener l;
  const auto plain = l.judge("OPTIONS", "/secret", {kHost});
  REQUIRE(plain.response);
  CHECK(plain.response->status == 204);
  CHECK(plain.response->headers == "Allow: GET, HEAD, OPTIONS\r\n");
  const auto preflight = l.judge("OPTIONS", "/secret",
                                 {kHost, {"Origin", "https://app.example"}, {"Access-Control-Request-Method", "GET"}});
  REQUIRE(preflight.response);
  CHECK_THAT(preflight.response->headers, Catch::Contains("Access-Control-Allow-Methods"));
  CHECK(status_of(l.judge("OPTIONS", "/nowhere", {kHost})) == 404);
}

}  // namespace dormouse
