// The client of `dormouse ctl` against a listener that says what it is given to say, on loopback.
#include "cli/control_client.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "base/unique_fd.h"

using namespace dormouse;

namespace {

// Takes one connection, reads the request's head, says its pieces, and closes; or holds the connection until the client
// leaves.
class Listener {
 public:
  enum class End { closes, holds };

  explicit Listener(std::vector<std::string> pieces, End end = End::closes) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(fd_.get(), 1) == 0);
    REQUIRE(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this, pieces = std::move(pieces), end] { serve(pieces, end); });
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() { thread_.join(); }

  ControlClient client(std::string token = "") const { return ControlClient({"127.0.0.1", port_, std::move(token)}); }
  // Once the client has its answer.
  const std::string& request() const { return request_; }

 private:
  void serve(const std::vector<std::string>& pieces, End end) {
    const UniqueFd peer(::accept(fd_.get(), nullptr, nullptr));
    char bytes[4096];
    while (request_.find("\r\n\r\n") == std::string::npos) {
      const ssize_t count = ::recv(peer.get(), bytes, sizeof bytes, 0);
      if (count <= 0) return;
      request_.append(bytes, static_cast<size_t>(count));
    }
    for (const std::string& piece : pieces)
      if (::send(peer.get(), piece.data(), piece.size(), MSG_NOSIGNAL) < 0) return;
    while (end == End::holds && ::recv(peer.get(), bytes, sizeof bytes, 0) > 0) {
    }
  }

  UniqueFd fd_;
  std::string port_, request_;
  std::thread thread_;
};

constexpr Duration kLong = std::chrono::seconds(60), kShort = std::chrono::milliseconds(50);
const std::string kStreamHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

}  // namespace

TEST_CASE("an answer is read whole wherever its bytes are cut") {
  const std::string answer =
      "HTTP/1.1 409 Conflict\r\nContent-Type: application/problem+json\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n";
  for (const size_t cut : {size_t{1}, size_t{20}, answer.find("3\r\n"), answer.size() - 9, answer.size() - 1}) {
    const Listener host({answer.substr(0, cut), answer.substr(cut)});
    const Result<ControlAnswer> got = host.client("secret").send("POST", "/v1/reload", kLong);
    REQUIRE(got.ok());
    CHECK(got->status == 409);
    CHECK(got->content_type == "application/problem+json");
    CHECK(got->body == "{\"a\":1}");
    CHECK(host.request().starts_with("POST /v1/reload HTTP/1.1\r\nHost: 127.0.0.1:"));
    CHECK(host.request().find("\r\nAuthorization: Bearer secret\r\n") != std::string::npos);
    CHECK(host.request().find("\r\nContent-Length: 0\r\n") != std::string::npos);
  }
}

TEST_CASE("an answer of known length needs no end of the connection") {
  for (const char* answer : {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 204 No Content\r\n\r\n"}) {
    const Listener host({answer}, Listener::End::holds);
    CHECK(host.client().send("GET", "/", kLong).ok());
  }
}

TEST_CASE("an answer of unknown length ends with the connection") {
  const Listener host({"HTTP/1.1 200 OK\r\n\r\n", "all ", "of it"});
  const Result<ControlAnswer> got = host.client().send("GET", "/", kLong);
  REQUIRE(got.ok());
  CHECK(got->body == "all of it");
}

TEST_CASE("an answer that is cut short is none") {
  for (const char* answer :
       {"", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "SSH-2.0-x\r\n\r\n"}) {
    const Listener host({answer});
    CHECK(host.client().send("GET", "/", kLong).status().code() == Code::unavailable);
  }
}

TEST_CASE("an answer larger than this client takes is refused") {
  const Listener body({"HTTP/1.1 200 OK\r\nContent-Length: 17000000\r\n\r\n"}, Listener::End::holds);
  CHECK(body.client().send("GET", "/", kLong).status().code() == Code::resource_exhausted);
  const Listener head({"HTTP/1.1 200 OK\r\nX: " + std::string(20000, 'x')}, Listener::End::holds);
  CHECK(head.client().send("GET", "/", kLong).status().code() == Code::resource_exhausted);
}

TEST_CASE("a host that does not answer in time is given up") {
  for (const char* begun : {"", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"}) {
    const Listener host({begun}, Listener::End::holds);
    CHECK(host.client().send("GET", "/", kShort).status().code() == Code::deadline_exceeded);
  }
}

TEST_CASE("a port nobody listens on is said with the reason of the system") {
  const Result<ControlAnswer> got = ControlClient({"127.0.0.1", "1", ""}).send("GET", "/", kLong);
  REQUIRE(!got.ok());
  CHECK(got.status().code() == Code::unavailable);
  CHECK(got.status().error().found == "Connection refused");
}

TEST_CASE("events are given as they come until the host ends the stream") {
  const Listener host({kStreamHead, "9\r\ndata: 1\n\n\r\n", "9\r\ndata: 2\n\n\r\n", "0\r\n\r\n"});
  std::vector<std::string> seen;
  const auto end = host.client().stream("/v1/events", kLong, [&](const ControlClient::ServerEvent& event) {
    seen.push_back(event.data);
    return true;
  });
  REQUIRE(end.ok());
  CHECK(end->status == 200);
  CHECK(seen == std::vector<std::string>{"1", "2"});
}

TEST_CASE("a stream whose connection ends is at its end") {
  const Listener host({kStreamHead, "9\r\ndata: 1\n\n\r\n"});
  int seen = 0;
  CHECK(host.client().stream("/v1/events", kLong, [&](const ControlClient::ServerEvent&) { return ++seen < 9; }).ok());
  CHECK(seen == 1);
}

TEST_CASE("a silent stream is given up and one that has been enough is left") {
  const auto once = [](const ControlClient::ServerEvent&) { return false; };
  const Listener silent({kStreamHead, "9\r\ndata: 1\n\n\r\n"}, Listener::End::holds);
  const auto all = [](const ControlClient::ServerEvent&) { return true; };
  CHECK(silent.client().stream("/v1/events", kShort, all).status().code() == Code::deadline_exceeded);
  const Listener enough({kStreamHead, "9\r\ndata: 1\n\n\r\n"}, Listener::End::holds);
  CHECK(enough.client().stream("/v1/events", kLong, once).ok());
}

TEST_CASE("a stream that is refused is an answer") {
  const Listener host({"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"}, Listener::End::holds);
  const auto got = host.client().stream("/v1/events", kLong, [](const ControlClient::ServerEvent&) { return true; });
  REQUIRE(got.ok());
  CHECK(got->status == 403);
  CHECK(got->body == "no");
}
