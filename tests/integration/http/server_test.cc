#include "test_server.h"

using namespace dormouse;
using namespace std::chrono_literals;

TEST_CASE("a connection serves one request after the other") {
  TestServer server;
  RawClient client(server.address());
  for (int i = 0; i < 3; ++i) {
    const RawResponse response = client.ask(post("/echo", "hello"));
    CHECK(response.status == 200);
    CHECK(response.body == "hello");
    CHECK(response.has("date"));
    CHECK_FALSE(response.has("connection"));
  }
}

TEST_CASE("pipelined requests are answered in order") {
  TestServer server;
  RawClient client(server.address());
  std::string bytes;
  for (int i = 0; i < 500; ++i) bytes += post(i % 7 == 0 ? "/size" : "/echo", "n" + std::to_string(i));
  std::thread sender([&] { client.send(bytes); });
  for (int i = 0; i < 500; ++i) {
    const std::string sent = "n" + std::to_string(i);
    CHECK(client.receive().body == (i % 7 == 0 ? std::to_string(sent.size()) : sent));
  }
  sender.join();
}

TEST_CASE("a pipelined request waits for an answer that comes later") {
  TestServer server;
  RawClient client(server.address());
  client.send(post("/hold", "") + post("/echo", "second"));
  REQUIRE(server.holding.wait());
  CHECK(client.receive_some(50ms).empty());
  server.answer_held();
  CHECK(client.receive().body == "held");
  CHECK(client.receive().body == "second");
}

TEST_CASE("a request may arrive byte by byte") {
  TestServer server;
  RawClient client(server.address());
  for (const char c : post("/echo", "slowly")) client.send({&c, 1});
  CHECK(client.receive().body == "slowly");
}

TEST_CASE("chunked bodies are put together") {
  TestServer server;
  RawClient client(server.address());
  const std::string head = "POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
  CHECK(client.ask(head + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n").body == "abcde");
  CHECK(client.ask(post("/echo", "next")).body == "next");
}

TEST_CASE("large bodies go both ways") {
  TestServer server;
  RawClient client(server.address());
  const std::string body(5 << 20, 'b');
  std::thread sender([&] { client.send(post("/echo", body)); });
  CHECK(client.receive().body == body);
  sender.join();
  CHECK(client.ask(get("/large")).body.size() == 8 << 20);
  CHECK(client.ask(post("/size", "x")).body == "1");
}

TEST_CASE("an answer may come from any thread") {
  TestServer server;
  RawClient client(server.address());
  for (int i = 0; i < 20; ++i) CHECK(client.ask(get("/later")).body == "later");
}

TEST_CASE("a request that is forgotten is answered 500") {
  TestServer server;
  RawClient client(server.address());
  const RawResponse response = client.ask(get("/forget"));
  CHECK(response.status == 500);
  CHECK(response.headers.at("content-type") == "application/problem+json");
}

TEST_CASE("HTTP/1.0 and Connection: close end after the answer") {
  TestServer server;
  RawClient old(server.address());
  CHECK(old.ask("GET /healthz HTTP/1.0\r\n\r\n").body == "ok");
  CHECK(old.is_closed());
  RawClient kept(server.address());
  CHECK(kept.ask("GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").headers.at("connection") == "keep-alive");
  CHECK(kept.ask(get("/healthz", "Connection: close\r\n")).headers.at("connection") == "close");
  CHECK(kept.is_closed());
}

TEST_CASE("a body is asked for with 100 Continue when the client waits for it") {
  TestServer server;
  RawClient client(server.address());
  client.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  CHECK(client.receive_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  CHECK(client.ask("hi").body == "hi");
  CHECK(client.ask(post("/echo", "x", "Expect: miracles\r\n")).status == 417);
}

TEST_CASE("a client that goes away cancels its request") {
  TestServer server;
  RawClient client(server.address());
  client.send(post("/hold", ""));
  REQUIRE(server.holding.wait());
  client.close();
  CHECK(server.given_up.wait());
  CHECK(server.cancels.at(0).cancelled());
}

TEST_CASE("a request whose client stays is not cancelled") {
  TestServer server;
  RawClient client(server.address());
  client.send(post("/hold", "") + "GET ");  // bytes of the next request are no sign of leaving
  REQUIRE(server.holding.wait());
  CHECK_FALSE(server.given_up.wait(300ms));
  server.answer_held();
  CHECK(client.receive().body == "held");
}

TEST_CASE("stopping finishes running requests and closes idle connections") {
  TestServer server;
  RawClient idle(server.address()), busy(server.address());
  CHECK(idle.ask(get("/healthz")).status == 200);
  busy.send(post("/hold", ""));
  REQUIRE(server.holding.wait());
  std::thread stopper([&] { server.server->stop(10s); });
  CHECK(idle.is_closed());
  CHECK_FALSE(server.given_up.wait(50ms));
  server.answer_held();
  const RawResponse last = busy.receive();
  CHECK(last.body == "held");
  CHECK(last.headers.at("connection") == "close");
  CHECK(busy.is_closed());
  stopper.join();
  CHECK(server.server->connections() == 0);
  CHECK_FALSE(RawClient(server.address()).connected());
}

TEST_CASE("stopping gives up requests that outlast the grace") {
  TestServer server;
  RawClient busy(server.address());
  busy.send(post("/hold", ""));
  REQUIRE(server.holding.wait());
  server.server->stop(50ms);
  CHECK(busy.is_closed());
  CHECK(server.given_up.wait());
  server.answer_held();  // nobody is there; nothing happens
}

TEST_CASE("a taken port is an error that says what to do") {
  TestServer first({}, 2);
  Reactor reactor(9);
  ServerOptions options;
  options.name = "data listener";
  options.key = "host.data.listen";
  options.listen = first.address();
  const Result<std::unique_ptr<Server>> second = Server::bind(options, {}, {&reactor, &reactor});
  REQUIRE_FALSE(second.ok());
  const Error& error = second.status().error();
  CHECK(error.code == Code::failed_precondition);
  CHECK_THAT(error.object, Catch::Contains(first.address()));
  CHECK_THAT(error.remedy, Catch::Contains("host.data.listen"));
}

TEST_CASE("connections are spread over all reactors and all are served") {
  TestServer server({}, 2);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 64; ++i) {
    clients.push_back(std::make_unique<RawClient>(server.address()));
    CHECK(clients.back()->ask(get("/healthz")).status == 200);
  }
  CHECK(server.server->connections() == 64);
}
