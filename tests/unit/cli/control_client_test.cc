#include "cli/control_client.h"

#include <catch2/catch.hpp>

using namespace dormouse;

namespace {

struct Fed {
  EventStreamParser parser;
  std::vector<ControlClient::ServerEvent> events;
  size_t stop_after = 1000;
  bool more = true;
  bool feed(std::string_view bytes) {
    return parser.feed(
        bytes,
        [&](const ControlClient::ServerEvent& event) {
          events.push_back(event);
          return events.size() < stop_after;
        },
        more);
  }
};

}  // namespace

TEST_CASE("a control address is a host and a port") {
  CHECK(parse_endpoint("127.0.0.1:8081")->host == "127.0.0.1");
  CHECK(parse_endpoint("http://example.org:80/")->host == "example.org");
  CHECK(parse_endpoint("http://example.org:80/")->port == "80");
  CHECK(parse_endpoint("[::1]:9000")->host == "::1");
  CHECK(parse_endpoint("0.0.0.0:1")->host == "127.0.0.1");
  for (const char* bad : {"", "localhost", "localhost:", ":80", "http://a:80/b", "a:123456", "a:8x"})
    CHECK(!parse_endpoint(bad).ok());
}

TEST_CASE("events are split wherever the bytes are cut") {
  const std::string stream = ": hi\n\nid: 7\nevent: component.ready\ndata: {\"a\":1}\n\ndata: x\r\ndata: y\r\n\r\n";
  for (size_t cut = 0; cut <= stream.size(); ++cut) {
    Fed fed;
    REQUIRE(fed.feed(std::string_view(stream).substr(0, cut)));
    REQUIRE(fed.feed(std::string_view(stream).substr(cut)));
    REQUIRE(fed.events.size() == 2);
    CHECK(fed.events[0].id == "7");
    CHECK(fed.events[0].event == "component.ready");
    CHECK(fed.events[0].data == "{\"a\":1}");
    CHECK(fed.events[1].event == "message");
    CHECK(fed.events[1].data == "x\ny");
  }
}

TEST_CASE("reading ends when the reader has enough") {
  Fed fed;
  fed.stop_after = 1;
  REQUIRE(fed.feed("data: 1\n\ndata: 2\n\n"));
  CHECK(fed.events.size() == 1);
  CHECK(!fed.more);
}

TEST_CASE("an event without end is refused") {
  Fed fed;
  CHECK(!fed.feed(std::string((size_t{1} << 20) + 1, 'x')));
}
