// GET /v1/events: server-sent events and polling.
#include <thread>

#include "host_fixture.h"

using namespace dormouse;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

std::string open_events(RawClient& client, const std::string& query = "", const std::string& headers = "") {
  client.send(get("/v1/events" + query, headers));
  return client.receive_until("\r\n\r\n");
}

}  // namespace

TEST_CASE("events are streamed as they happen") {
  HostFixture host;
  RawClient reader(host.http->control_address());
  CHECK_THAT(open_events(reader), Contains("200 OK") && Contains("text/event-stream"));
  reader.receive_until("retry: 2000\n\n");
  host.events.publish("test.one", "object", {{"k", "v"}});
  const std::string event = reader.receive_until("\n\n");
  CHECK_THAT(event, Contains("id: " + std::to_string(host.events.last_sequence())));
  CHECK_THAT(event, Contains("\"kind\":\"test.one\"") && Contains("\"fields\":{\"k\":\"v\"}"));
}

TEST_CASE("a reader that comes back goes on where it stopped") {
  HostFixture host;
  for (int i = 0; i < 5; ++i) host.events.publish("test.n", std::to_string(i));
  const uint64_t last = host.events.last_sequence();
  RawClient reader(host.http->control_address());
  open_events(reader, "", "Last-Event-ID: " + std::to_string(last - 2) + "\r\n");
  reader.receive_until("retry: 2000\n\n");
  CHECK_THAT(reader.receive_until("\n\n"), Contains("id: " + std::to_string(last - 1) + "\n"));
  CHECK_THAT(reader.receive_until("\n\n"), Contains("id: " + std::to_string(last) + "\n"));
}

TEST_CASE("what left the ring is told as a gap") {
  HostFixture host({}, {}, 4);
  for (int i = 0; i < 100; ++i) host.events.publish("test.n", std::to_string(i));
  const uint64_t last = host.events.last_sequence();
  RawClient reader(host.http->control_address());
  open_events(reader, "?after=1");
  reader.receive_until("retry: 2000\n\n");
  const std::string gap = reader.receive_until("\n\n");
  CHECK_THAT(gap, Contains("event: gap") && Contains("\"after\":1,\"next\":" + std::to_string(last - 3)));
  CHECK_THAT(reader.receive_until("\n\n"), Contains("id: " + std::to_string(last - 3)));
}

TEST_CASE("a number from before a restart starts from the beginning") {
  HostFixture host;
  host.events.publish("test.one", "x");
  RawClient reader(host.http->control_address());
  open_events(reader, "", "Last-Event-ID: 999999\r\n");
  reader.receive_until("retry: 2000\n\n");
  CHECK_THAT(reader.receive_until("\n\n"), Contains("\"restarted\":true"));
  CHECK_THAT(reader.receive_until("\n\n"), Contains("id: 1\n"));
}

TEST_CASE("a slow reader gets a gap and goes on and costs the publisher nothing") {
  ControlOptions options;
  options.event_stream_bytes_max = 4096;
  HostFixture host({}, options, 64);
  RawClient reader(host.http->control_address());
  open_events(reader);
  reader.receive_until("retry: 2000\n\n");
  const std::string filler(2000, 'f');
  for (int i = 0; i < 20'000; ++i) host.events.publish("test.flood", "x", {{"filler", filler}});
  host.events.publish("test.last", "x");
  bool gap = false, last = false;
  std::string text;
  while (!last) {
    const std::string more = reader.receive_some();
    if (more.empty()) break;
    text = (text.size() > 200 ? text.substr(text.size() - 200) : text) + more;
    gap = gap || text.find("event: gap") != std::string::npos;
    last = text.find("test.last") != std::string::npos;
  }
  CHECK(gap);
  CHECK(last);
}

TEST_CASE("silence is broken by heartbeats") {
  ControlOptions options;
  options.event_heartbeat = 20ms;
  HostFixture host({}, options);
  RawClient reader(host.http->control_address());
  open_events(reader);
  reader.receive_until("retry: 2000\n\n");
  CHECK(reader.receive_until("\n\n") == ": alive\n\n");
  CHECK(reader.receive_until("\n\n") == ": alive\n\n");
}

TEST_CASE("readers of events have a limit of their own and free their place") {
  ControlOptions options;
  options.event_streams_max = 2;
  HostFixture host({}, options);
  auto first = std::make_unique<RawClient>(host.http->control_address());
  RawClient second(host.http->control_address());
  open_events(*first);
  open_events(second);
  const RawResponse refused = host.control(get("/v1/events"));
  CHECK(refused.status == 503);
  CHECK(refused.has("retry-after"));
  CHECK(host.control(get("/v1/components")).status == 200);
  first.reset();
  std::string head;
  for (int i = 0; i < 100 && head.find("200 OK") == std::string::npos; ++i) {
    std::this_thread::sleep_for(20ms);
    RawClient again(host.http->control_address());
    head = open_events(again);
  }
  CHECK_THAT(head, Contains("200 OK"));
}

TEST_CASE("a stream names each event by its kind and may ask for some alone") {
  HostFixture host;
  RawClient reader(host.http->control_address());
  open_events(reader, "?kind=test.*&object=x");
  reader.receive_until("retry: 2000\n\n");
  host.events.publish("other.one", "x");
  host.events.publish("test.one", "y");
  host.events.publish("test.two", "x", {{"entries", 7}});
  const std::string event = reader.receive_until("\n\n");
  CHECK_THAT(event, Contains("event: test.two\n") && Contains("\"fields\":{\"entries\":7}"));
  const Document poll(host.control(get("/v1/events?format=json&kind=test.one")));
  CHECK(poll.text("events.0.object") == "y");
  CHECK_FALSE(poll.has("events.1"));
}

TEST_CASE("events can be polled") {
  HostFixture host;
  host.events.publish("test.one", "x");
  host.events.publish("test.two", "y");
  const auto last = static_cast<int64_t>(host.events.last_sequence());
  const Document poll(host.control(get("/v1/events?format=json&after=" + std::to_string(last - 1))));
  CHECK(poll.text("events.0.kind") == "test.two");
  CHECK_FALSE(poll.has("events.1"));
  CHECK(poll.number("last") == last);
  CHECK_FALSE(poll.flag("gap"));
  CHECK(host.control(get("/v1/events?format=xml")).status == 400);
  CHECK(host.control(get("/v1/events?after=-1")).status == 400);
}

TEST_CASE("stopping ends event streams at once") {
  HostFixture host;
  RawClient reader(host.http->control_address());
  open_events(reader);
  host.http->stop(10s);
  CHECK(reader.is_closed());
}
