// What pages of other origins may do, and the methods that only ask about a resource.
#include "test_server.h"

using namespace dormouse;

namespace {

constexpr const char* kOrigin = "Origin: https://app.example.org\r\n";

ServerOptions with_origin(bool credentials = false) {
  ServerOptions options;
  options.allowed_origins = {"https://app.example.org"};
  options.cors_credentials = credentials;
  return options;
}

RawResponse options_of(const TestServer& server, const std::string& path, const std::string& fields) {
  return RawClient(server.address()).ask("OPTIONS " + path + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n");
}

std::string head_of(const TestServer& server, const std::string& path) {
  RawClient client(server.address());
  client.send("HEAD " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  return client.receive_until("\r\n\r\n");
}

}  // namespace

TEST_CASE("a page of an allowed origin may read answers and errors") {
  TestServer server({}, 1, with_origin());
  for (const char* path : {"/healthz", "/nowhere"}) {
    const RawResponse response = RawClient(server.address()).ask(get(path, kOrigin));
    REQUIRE(response.has("access-control-allow-origin"));
    CHECK(response.headers.at("access-control-allow-origin") == "https://app.example.org");
    CHECK(response.headers.at("vary") == "Origin");
    CHECK_THAT(response.headers.at("access-control-expose-headers"), Catch::Contains("Server-Timing"));
    CHECK_FALSE(response.has("access-control-allow-credentials"));
  }
}

TEST_CASE("an allowed origin is told only to itself") {
  TestServer server({}, 1, with_origin());
  RawClient client(server.address());
  CHECK(client.ask(get("/healthz", kOrigin)).has("access-control-allow-origin"));
  const RawResponse without = client.ask(get("/healthz"));
  CHECK_FALSE(without.has("access-control-allow-origin"));
  CHECK(without.headers.at("vary") == "Origin");  // a cache must know that others see more
  const RawResponse other = client.ask(get("/healthz", "Origin: https://evil.example\r\n"));
  CHECK(other.status == 403);
  CHECK_FALSE(other.has("access-control-allow-origin"));
  TestServer plain;
  CHECK_FALSE(RawClient(plain.address()).ask(get("/healthz")).has("vary"));
}

TEST_CASE("a preflight of an allowed origin says what may be sent") {
  TestServer server({}, 1, with_origin());
  const std::string asked =
      "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type, request-timeout\r\n";
  const RawResponse response = options_of(server, "/echo", kOrigin + asked);
  CHECK(response.status == 204);
  CHECK(response.headers.at("access-control-allow-origin") == "https://app.example.org");
  CHECK(response.headers.at("access-control-allow-methods") == "POST, OPTIONS");
  CHECK_THAT(response.headers.at("access-control-allow-headers"), Catch::Contains("Content-Type"));
  CHECK_THAT(response.headers.at("access-control-allow-headers"), Catch::Contains("Request-Timeout"));
  CHECK(response.has("access-control-max-age"));
  CHECK_FALSE(response.has("content-length"));
  CHECK(options_of(server, "/secret", kOrigin + asked).status == 204);  // a preflight carries no token
  CHECK(options_of(server, "/echo", "Origin: https://evil.example\r\n" + asked).status == 403);
  CHECK(options_of(server, "/nowhere", kOrigin + asked).status == 404);
}

TEST_CASE("credentials are allowed only where they are configured") {
  TestServer server({}, 1, with_origin(true));
  const RawResponse response = RawClient(server.address()).ask(get("/healthz", kOrigin));
  REQUIRE(response.has("access-control-allow-credentials"));
  CHECK(response.headers.at("access-control-allow-credentials") == "true");
}

TEST_CASE("OPTIONS tells the methods of a path and keeps the connection") {
  TestServer server;
  RawClient client(server.address());
  const RawResponse response = client.ask("OPTIONS /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(response.status == 204);
  CHECK(response.headers.at("allow") == "GET, HEAD, OPTIONS");
  CHECK_FALSE(response.has("access-control-allow-methods"));
  CHECK(client.ask(get("/healthz")).body == "ok");
}

TEST_CASE("HEAD is answered like GET without a body") {
  TestServer server;
  const std::string head = head_of(server, "/healthz");
  CHECK_THAT(head, Catch::StartsWith("HTTP/1.1 200"));
  CHECK_THAT(head, Catch::Contains("Content-Length: 2\r\n"));
  RawClient client(server.address());
  client.send("HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" + get("/healthz"));
  client.receive_until("\r\n\r\n");
  CHECK(client.receive().body == "ok");  // the next answer, not a body
}

TEST_CASE("health is told to probes that name us by an address") {
  TestServer server;
  for (const char* host : {"10.1.2.3", "10.1.2.3:8080", "[fd00::1]:8080", "203.0.113.9"})
    CHECK(RawClient(server.address()).ask(std::string("GET /healthz HTTP/1.1\r\nHost: ") + host + "\r\n\r\n").status ==
          200);
  // Everything else is told to our own names alone, also on that connection.
  RawClient client(server.address());
  CHECK(client.ask("GET /healthz HTTP/1.1\r\nHost: 10.1.2.3\r\n\r\n").status == 200);
  CHECK(client.ask("GET /large HTTP/1.1\r\nHost: 10.1.2.3\r\n\r\n").status == 403);
  CHECK(RawClient(server.address()).ask("GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n").status == 403);
}
