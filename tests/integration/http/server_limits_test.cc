// Each limit of HttpLimits is kept, and what happens at it is what options.h says.
#include "test_server.h"

using namespace dormouse;
using namespace std::chrono_literals;

namespace {

HttpLimits short_limits() {
  HttpLimits limits;
  limits.header_timeout = 100ms;
  limits.body_timeout = 100ms;
  limits.request_timeout = 100ms;
  limits.idle_timeout = 100ms;
  return limits;
}

bool serves(const TestServer& server) {
  return RawClient(server.address()).ask(get("/healthz")).status == 200;
}

}  // namespace

TEST_CASE("a header over the limit is 431") {
  TestServer server;
  RawClient just(server.address());
  const std::string fits = get("/healthz", "X: " + std::string(16'000, 'x') + "\r\n");
  CHECK(just.ask(fits).status == 200);
  RawClient client(server.address());
  const RawResponse response = client.ask(get("/healthz", "X: " + std::string(17'000, 'x') + "\r\n"));
  CHECK(response.status == 431);
  CHECK(client.is_closed());
  RawClient endless(server.address());
  endless.send("GET /" + std::string(100'000, 'x'));
  CHECK(endless.receive().status == 431);
  CHECK(serves(server));
}

TEST_CASE("a hundred thousand header fields are 431") {
  TestServer server;
  RawClient client(server.address());
  std::string fields;
  for (int i = 0; i < 100'000; ++i) fields += "a: b\r\n";
  client.send(get("/healthz", fields));
  CHECK(client.receive().status == 431);
}

TEST_CASE("a header that comes too slowly is 408") {
  TestServer server(short_limits());
  RawClient client(server.address());
  client.send("GET /healthz HTTP/1.1\r\nHost: ");
  CHECK(client.receive().status == 408);
  CHECK(client.is_closed());
}

TEST_CASE("a header that trickles is not given more time for each byte") {
  TestServer server(short_limits());
  RawClient client(server.address());
  const auto start = std::chrono::steady_clock::now();
  for (const char c : get("/healthz", "X: " + std::string(1000, 'x') + "\r\n")) {
    if (!client.send({&c, 1})) break;
    if (!client.receive_some(10ms).empty()) break;
  }
  CHECK(std::chrono::steady_clock::now() - start < 5s);
  CHECK(client.is_closed());
}

TEST_CASE("a connection that says nothing is closed") {
  TestServer server(short_limits());
  RawClient client(server.address());
  CHECK(client.is_closed(5s));
}

TEST_CASE("an idle connection is closed") {
  TestServer server(short_limits());
  RawClient client(server.address());
  CHECK(client.ask(get("/healthz")).status == 200);
  CHECK(client.is_closed(5s));
}

TEST_CASE("a body over the limit is 413 before it is read") {
  HttpLimits limits;
  limits.body_bytes_max = 1000;
  TestServer server(limits);
  CHECK(RawClient(server.address()).ask(post("/size", std::string(1000, 'x'))).body == "1000");
  RawClient client(server.address());
  client.send("POST /size HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n");
  CHECK(client.receive().status == 413);
}

TEST_CASE("a large refused body does not cost the client its answer") {
  TestServer server;
  RawClient client(server.address());
  std::thread sender([&] { client.send(post("/size", std::string(10 << 20, 'x'))); });
  CHECK(client.receive().status == 413);
  sender.join();
}

TEST_CASE("a chunked body over the limit is 413") {
  HttpLimits limits;
  limits.body_bytes_max = 1000;
  TestServer server(limits);
  const std::string head = "POST /size HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
  RawClient one(server.address());
  CHECK(one.ask(head + "3e9\r\n").status == 413);  // 1001 announced
  RawClient many(server.address());
  many.send(head);
  std::string chunks;
  for (int i = 0; i < 200; ++i) chunks += "a\r\n0123456789\r\n";
  many.send(chunks);
  CHECK(many.receive().status == 413);
  RawClient endless(server.address());
  CHECK(endless.ask(head + "FFFFFFFFFFFFFFFF\r\n").status == 413);
}

TEST_CASE("an absurd chunk extension is refused") {
  TestServer server;
  RawClient client(server.address());
  client.send("POST /size HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1;" +
              std::string(300'000, 'x'));
  CHECK(client.receive().status == 400);
  CHECK(serves(server));
}

TEST_CASE("a body that comes too slowly is 408") {
  TestServer server(short_limits());
  RawClient client(server.address());
  client.send("POST /size HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc");
  CHECK(client.receive().status == 408);
}

TEST_CASE("large bodies are bounded by their sum") {
  HttpLimits limits;
  limits.bodies_bytes_max = 1 << 20;
  TestServer server(limits);
  RawClient holder(server.address());
  holder.send(post("/hold", std::string(900'000, 'x')));
  REQUIRE(server.holding.wait());
  RawClient client(server.address());
  std::thread sender([&] { client.send(post("/size", std::string(900'000, 'x'))); });
  const RawResponse response = client.receive();
  sender.join();
  CHECK(response.status == 503);
  CHECK(response.has("retry-after"));
  CHECK(RawClient(server.address()).ask(post("/size", "small")).body == "5");
  server.answer_held();
  CHECK(holder.receive().status == 200);
  CHECK(RawClient(server.address()).ask(post("/size", std::string(900'000, 'x'))).body == "900000");
}

TEST_CASE("a request that takes too long is 504 and cancelled") {
  TestServer server(short_limits());
  RawClient client(server.address());
  const RawResponse response = client.ask(post("/hold", ""));
  CHECK(response.status == 504);
  CHECK(server.given_up.wait());
  CHECK(server.cancels.at(0).cancelled());
}

TEST_CASE("a client that does not read its answer is closed") {
  HttpLimits limits;
  limits.request_timeout = 200ms;
  TestServer server(limits);
  RawClient client(server.address());
  client.send(get("/large"));
  for (int i = 0; i < 100 && server.server->connections() > 0; ++i) std::this_thread::sleep_for(50ms);
  CHECK(server.server->connections() == 0);
}

TEST_CASE("slow clients do not keep others from being served") {
  TestServer server;
  std::vector<std::unique_ptr<RawClient>> slow;
  for (int i = 0; i < 200; ++i) {
    slow.push_back(std::make_unique<RawClient>(server.address()));
    slow.back()->send("POST /size HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx");
  }
  for (int i = 0; i < 20; ++i) CHECK(serves(server));
}

TEST_CASE("answers that are not read are bounded by their sum") {
  HttpLimits limits;
  limits.answers_bytes_max = size_t{20} << 20;  // two of /large
  TestServer server(limits);
  RawClient first(server.address()), second(server.address()), third(server.address());
  first.send(get("/large"));
  second.send(get("/large"));
  CHECK_THAT(first.receive_until("\r\n\r\n"), Catch::StartsWith("HTTP/1.1 200"));
  CHECK_THAT(second.receive_until("\r\n\r\n"), Catch::StartsWith("HTTP/1.1 200"));
  const RawResponse refused = third.ask(get("/large"));
  CHECK(refused.status == 503);
  CHECK(refused.has("retry-after"));
  CHECK_THAT(refused.body, Catch::Contains("answers_bytes_max"));
  CHECK(third.ask(get("/healthz")).status == 200);  // small answers go on, on the same connection
  first.close();
  second.close();
  unsigned status = 0;
  for (int i = 0; i < 200 && status != 200; ++i) {
    status = third.ask(get("/large")).status;
    std::this_thread::sleep_for(10ms);
  }
  CHECK(status == 200);  // the memory of those that left is there again
}

TEST_CASE("an answer that is read leaves nothing counted") {
  HttpLimits limits;
  limits.answers_bytes_max = size_t{10} << 20;  // one of /large
  TestServer server(limits);
  RawClient client(server.address());
  for (int i = 0; i < 5; ++i) CHECK(client.ask(get("/large")).body.size() == size_t{8} << 20);
}
