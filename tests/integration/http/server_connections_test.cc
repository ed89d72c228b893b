// Who is let in when there are more connections than the limit, and who gives way.
#include <sys/socket.h>

#include "test_server.h"

using namespace dormouse;
using namespace std::chrono_literals;

namespace {

using Clients = std::vector<std::unique_ptr<RawClient>>;

HttpLimits room_for(unsigned connections) {
  HttpLimits limits;
  limits.connections_max = connections;
  return limits;
}

Clients connect(const TestServer& server, int count) {
  Clients clients;
  for (int i = 0; i < count; ++i) clients.push_back(std::make_unique<RawClient>(server.address()));
  return clients;
}

void wait_for_connections(const TestServer& server, unsigned count) {
  for (int i = 0; i < 10'000 && server.server->connections() < count; ++i) std::this_thread::sleep_for(1ms);
  REQUIRE(server.server->connections() == count);
}

// As a client does that is told 503 with Retry-After.
unsigned ask_until_served(const TestServer& server) {
  unsigned status = 0;
  for (int i = 0; i < 200 && status != 200; ++i) {
    status = RawClient(server.address()).ask(get("/healthz")).status;
    if (status != 200) std::this_thread::sleep_for(20ms);
  }
  return status;
}

}  // namespace

TEST_CASE("connections over the limit are answered 503 and never cost a running request") {
  TestServer server(room_for(64), 2);
  Clients running = connect(server, 64);
  for (const auto& client : running) client->send(post("/hold", ""));
  for (int i = 0; i < 10'000; ++i) {
    const std::lock_guard lock(server.mutex);
    if (server.cancels.size() == 64) break;
    std::this_thread::sleep_for(1ms);
  }
  Clients flood = connect(server, 1000);
  for (const auto& client : flood) client->send(get("/healthz"));
  for (const auto& client : flood) {
    const RawResponse response = client->receive();
    CHECK(response.status == 503);
    CHECK(response.has("retry-after"));
  }
  CHECK(server.server->connections() == 64);
  server.answer_held();
  for (const auto& client : running) CHECK(client->receive().body == "held");
}

TEST_CASE("a refused client that says nothing is answered as well") {
  TestServer server(room_for(1));
  RawClient running(server.address());
  running.send(post("/hold", ""));
  REQUIRE(server.holding.wait());
  RawClient silent(server.address());
  CHECK(silent.receive().status == 503);
  CHECK(silent.is_closed());
  server.answer_held();
}

TEST_CASE("a connection that is idle between requests makes room for a new one") {
  TestServer server(room_for(2));
  RawClient first(server.address()), second(server.address());
  CHECK(first.ask(get("/healthz")).status == 200);
  CHECK(second.ask(get("/healthz")).status == 200);
  CHECK(ask_until_served(server) == 200);
  CHECK(first.is_closed());
}

TEST_CASE("silent connections do not shut others out") {
  TestServer server(room_for(16));
  const Clients silent = connect(server, 64);
  wait_for_connections(server, 16);
  CHECK(ask_until_served(server) == 200);
}

TEST_CASE("connections whose requests never come whole do not shut others out") {
  TestServer server(room_for(16));
  const Clients slow = connect(server, 16);
  for (size_t i = 0; i < slow.size(); ++i) slow[i]->send("GET /healthz HTTP/1.1\r\n");
  wait_for_connections(server, 16);
  CHECK(ask_until_served(server) == 200);
}

TEST_CASE("hundreds of connections at once are all served") {
  TestServer server;
  Clients clients = connect(server, 600);
  for (const auto& client : clients) client->send(get("/healthz"));
  for (const auto& client : clients) CHECK(client->receive().status == 200);
}

TEST_CASE("bytes of a next request do not hide that the client left") {
  for (const bool reset : {false, true}) {
    TestServer server;
    {
      RawClient client(server.address());
      client.send(post("/hold", ""));
      REQUIRE(server.holding.wait());
      client.send(post("/echo", "next"));
      if (reset) client.reset();
    }
    INFO((reset ? "RST" : "FIN"));
    CHECK(server.given_up.wait());  // long before the request's own limit of a minute
    CHECK(server.cancels.at(0).cancelled());
  }
}

TEST_CASE("a client that waits with a next request already sent is not taken for gone") {
  TestServer server;
  RawClient client(server.address());
  client.send(post("/hold", ""));
  REQUIRE(server.holding.wait());
  client.send(post("/echo", "next"));
  CHECK_FALSE(server.given_up.wait(300ms));
  server.answer_held();
  CHECK(client.receive().body == "held");
  CHECK(client.receive().body == "next");
}

TEST_CASE("a loop that is late all the time tells its requests that they waited too long") {
  HttpLimits limits;
  limits.loop_lag_max = 20ms;
  TestServer server(limits);
  std::atomic<unsigned> late{0}, served{0}, healthy{0}, unhealthy{0};
  std::vector<std::thread> clients;
  const auto end = std::chrono::steady_clock::now() + 20s;
  for (int i = 0; i < 24; ++i) {
    clients.emplace_back([&] {
      RawClient client(server.address());
      while (late < 10 && std::chrono::steady_clock::now() < end)
        ++(client.ask(get("/busy")).body == "late" ? late : served);
      ++(client.ask(get("/healthz")).status == 200 ? healthy : unhealthy);
    });
  }
  for (std::thread& client : clients) client.join();
  CHECK(late >= 10);
  CHECK(served > 0);
  CHECK(unhealthy == 0);
}
