#include "http/origin_rules.h"

#include <catch2/catch.hpp>

namespace dormouse {

TEST_CASE("listen addresses are an address and a port") {
  const Result<ListenAddress> v4 = parse_listen("127.0.0.1:8080", false);
  REQUIRE(v4.ok());
  CHECK(v4->address == "127.0.0.1");
  CHECK(v4->port == 8080);
  CHECK(v4->loopback);
  CHECK(parse_listen("[::1]:0", false)->address == "::1");
  CHECK(parse_listen("localhost:1", false)->address == "127.0.0.1");
  CHECK(parse_listen("127.5.6.7:1", false).ok());
  for (const char* bad : {"", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:80x",
                          "example.org:80", "::1:80", "[::1]", "[::1", "1.2.3:80", ":8080"})
    CHECK_FALSE(parse_listen(bad, true).ok());
}

TEST_CASE("anything but loopback needs to be allowed") {
  for (const char* remote : {"0.0.0.0:80", "[::]:80", "192.168.1.2:80", "8.8.8.8:1"}) {
    const Result<ListenAddress> refused = parse_listen(remote, false);
    REQUIRE_FALSE(refused.ok());
    CHECK_THAT(refused.status().error().remedy, Catch::Contains("allow_remote"));
    const Result<ListenAddress> allowed = parse_listen(remote, true);
    REQUIRE(allowed.ok());
    CHECK_FALSE(allowed->loopback);
  }
}

TEST_CASE("the host of an authority has no port and no brackets") {
  CHECK(host_of("localhost") == "localhost");
  CHECK(host_of("localhost:8080") == "localhost");
  CHECK(host_of("[::1]:8080") == "::1");
  CHECK(host_of("[::1]") == "::1");
  for (const char* bad : {"", ":80", "a:b", "a:80:90", "[::1", "[::1]x", "a:99999"}) CHECK(host_of(bad).empty());
}

TEST_CASE("only our own host names are ours") {
  const std::vector<std::string> allowed{"dormouse.lan"};
  for (const char* ours : {"localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "::1", "10.0.0.5", "Dormouse.LAN"})
    CHECK(is_host_allowed(ours, "10.0.0.5", allowed));
  for (const char* other : {"", "evil.example", "localhost.evil.example", "10.0.0.6", "127.0.0.1.evil.example",
                            "0.0.0.0", "dormouse.lan.", "2130706433"})
    CHECK_FALSE(is_host_allowed(other, "10.0.0.5", allowed));
  CHECK_FALSE(is_host_allowed(std::string(300, 'a'), "", {std::string(300, 'a')}));
}

TEST_CASE("only allow-listed origins and our own may ask") {
  const std::vector<std::string> allowed{"https://app.example.org"};
  CHECK(is_origin_listed("https://app.example.org", allowed));
  CHECK(is_own_origin("http://localhost:8081", "localhost:8081"));
  for (const char* other : {"", "null", "https://evil.example", "http://localhost:8080", "https://localhost:8081",
                            "http://app.example.org", "https://app.example.org.evil.example", "http://"}) {
    CHECK_FALSE(is_origin_listed(other, allowed));
    CHECK_FALSE(is_own_origin(other, "localhost:8081"));
  }
  CHECK_FALSE(is_own_origin("http://", ""));  // HTTP/1.0 without a Host
}

TEST_CASE("an address is no name that could be rebound") {
  for (const char* address : {"10.0.0.5", "::1", "fd00::1", "0.0.0.0", "203.0.113.9"}) CHECK(is_address(address));
  for (const char* name : {"", "localhost", "evil.example", "10.0.0.5.evil.example", "2130706433", "10.0.0", "0x7f.1"})
    CHECK_FALSE(is_address(name));
}

TEST_CASE("only the exact token opens") {
  CHECK(is_token("Bearer secret", "secret"));
  CHECK(is_token("bearer secret", "secret"));
  for (const char* wrong : {"", "Bearer", "Bearer ", "Bearer secre", "Bearer secret2", "Bearer Secret", "Basic secret",
                            "secret", "Bearer  secret"})
    CHECK_FALSE(is_token(wrong, "secret"));
  CHECK_FALSE(is_token("Bearer ", ""));
}

}  // namespace dormouse
