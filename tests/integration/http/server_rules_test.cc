// What is refused because of what it says about itself.
#include "test_server.h"

using namespace dormouse;

namespace {

RawResponse ask(const TestServer& server, const std::string& bytes) {
  return RawClient(server.address()).ask(bytes);
}

std::string head(const std::string& rest) {
  return "GET /healthz HTTP/1.1\r\n" + rest + "\r\n";
}

}  // namespace

TEST_CASE("only our own hosts are answered") {
  TestServer server;
  for (const char* host : {"localhost", "127.0.0.1", "localhost:80", "[::1]:80", "127.9.9.9"})
    CHECK(ask(server, head(std::string("Host: ") + host + "\r\n")).status == 200);
  for (const char* host : {"evil.example", "localhost.evil.example", "10.1.2.3.evil.example"})
    CHECK(ask(server, head(std::string("Host: ") + host + "\r\n")).status == 403);
  CHECK(ask(server, head("")).status == 400);
  CHECK(ask(server, head("Host:\r\n")).status == 400);
  CHECK(ask(server, head("Host: localhost\r\nHost: localhost\r\n")).status == 400);
  CHECK(ask(server, head("Host: local host\r\n")).status == 403);
}

TEST_CASE("the Host is checked for every request of a connection") {
  TestServer server;
  RawClient client(server.address());
  CHECK(client.ask(get("/healthz")).status == 200);
  CHECK(client.ask(head("Host: evil.example\r\n")).status == 403);
}

TEST_CASE("an absolute target is checked by its own host") {
  TestServer server;
  CHECK(ask(server, "GET http://localhost/healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n").status == 200);
  CHECK(ask(server, "GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 403);
}

TEST_CASE("the query of an absolute target is no path") {
  TestServer server;
  CHECK(ask(server, "GET http://localhost?x=/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 404);
  CHECK(ask(server, "GET http://localhost/healthz?x=/ HTTP/1.1\r\nHost: localhost\r\n\r\n").status ==
        400);  // unknown x
}

TEST_CASE("configured hosts and origins are allowed") {
  ServerOptions options;
  options.allowed_hosts = {"dormouse.lan"};
  options.allowed_origins = {"https://app.example.org"};
  TestServer server({}, 1, options);
  CHECK(ask(server, head("Host: dormouse.lan:8080\r\n")).status == 200);
  CHECK(ask(server, get("/healthz", "Origin: https://app.example.org\r\n")).status == 200);
}

TEST_CASE("pages of other origins are refused") {
  TestServer server;
  for (const char* origin : {"https://evil.example", "null", "http://localhost:1", ""})
    CHECK(ask(server, get("/healthz", std::string("Origin: ") + origin + "\r\n")).status == 403);
  CHECK(ask(server, get("/healthz", "Origin: http://localhost\r\n")).status == 200);  // our own: Host is localhost
}

TEST_CASE("changing routes need the token") {
  TestServer server;
  const RawResponse none = ask(server, post("/secret", ""));
  CHECK(none.status == 401);
  CHECK_THAT(none.headers.at("www-authenticate"), Catch::StartsWith("Bearer"));
  CHECK(ask(server, post("/secret", "", "Authorization: Bearer wrong\r\n")).status == 401);
  CHECK(ask(server, post("/secret", "", "Authorization: Bearer secret\r\n")).body == "open");
}

TEST_CASE("a token is taken from one whole Authorization field") {
  TestServer server;
  const std::string good = "Authorization: Bearer secret\r\n", bad = "Authorization: Bearer wrong\r\n";
  CHECK(ask(server, post("/secret", "", good + bad)).status == 400);
  CHECK(ask(server, post("/secret", "", bad + good)).status == 400);
  CHECK(ask(server, post("/secret", "", good + good)).status == 400);
  CHECK(ask(server, post("/secret", "", "Authorization:\r\n Bearer secret\r\n")).status == 400);
}

TEST_CASE("what may not be done to a path is 405 with what may") {
  TestServer server;
  for (const char* method : {"POST", "DELETE", "PUT", "TRACE", "WEIRD"}) {
    RawClient client(server.address());
    client.send(std::string(method) + " /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const std::string answer = client.receive_until("\r\n\r\n");
    CHECK_THAT(answer, Catch::StartsWith("HTTP/1.1 405"));
    CHECK_THAT(answer, Catch::Contains("Allow: GET, HEAD, OPTIONS\r\n"));
  }
  RawClient client(server.address());
  client.send("HEAD /echo HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK_THAT(client.receive_until("\r\n\r\n"), Catch::StartsWith("HTTP/1.1 405"));
}

TEST_CASE("refusals of whole requests keep the connection") {
  TestServer server;
  RawClient client(server.address());
  CHECK(client.ask(get("/nowhere")).status == 404);
  CHECK(client.ask("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 400);
  CHECK(client.ask(get("/healthz")).status == 200);
}

TEST_CASE("a body that is needed and not announced is 411") {
  TestServer server;
  CHECK(ask(server, "POST /needed HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 411);
  CHECK(ask(server, post("/needed", "")).status == 200);
}

TEST_CASE("two lengths for one body are refused") {
  TestServer server;
  const std::string start = "POST /echo HTTP/1.1\r\nHost: localhost\r\n";
  for (const char* fields :
       {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", "Transfer-Encoding: gzip\r\n\r\n",
        "Transfer-Encoding: chunked, gzip\r\n\r\n", "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
        "Content-Length:\r\n 0\r\n\r\n", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    RawClient client(server.address());
    CHECK(client.ask(start + fields).status == 400);
    CHECK(client.is_closed());
  }
}

TEST_CASE("what is not HTTP/1 is refused cleanly") {
  TestServer server;
  CHECK(ask(server, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").status == 505);
  CHECK(ask(server, std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n", 21)).status == 400);
  CHECK(ask(server, "GET /healthz\r\n\r\n").status >= 400);
  CHECK(ask(server, "GET  /healthz HTTP/1.1\r\n\r\n").status == 400);
  CHECK(ask(server, "GET /healthz HTTP/1.1\nHost: localhost\n\n").status >= 400);
  CHECK(ask(server, "GET healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 400);
  CHECK(ask(server, get("/healthz", "X : y\r\n")).status == 400);
  CHECK(ask(server, get("/healthz", std::string("X: a\0b\r\n", 8))).status == 400);
}
