#include "http/documents.h"

#include <catch2/catch.hpp>

#include "http/event_feed.h"

namespace dormouse {
namespace {

template <class T>
std::string text_of(const T& document) {
  JsonText out;
  write(out, document);
  return out.take();
}

using Catch::Contains;
using namespace std::chrono_literals;

}  // namespace

TEST_CASE("a component document has the promised fields") {
  ComponentStatus component;
  component.name = "nlu.language";
  component.state = State::ready;
  component.idle = 1500ms;
  component.unload_in = 2s;
  component.mapped_bytes = 7;
  const std::string text = text_of(component);
  for (const char* field :
       {"\"name\":\"nlu.language\"", "\"type\":", "\"plugin\":", "\"version\":", "\"state\":\"ready\"",
        "\"cause\":", "\"class\":\"unmap\"", "\"generation\":0", "\"leases\":0", "\"idle_ms\":1500",
        "\"unload_in_ms\":2000", "\"bytes\":{\"mapped\":7,", "\"heap\":", "\"returned\":", "\"last_error\":null"})
    CHECK_THAT(text, Contains(field));
}

TEST_CASE("a component that is not callable has no idle time") {
  ComponentStatus component;
  component.state = State::failed;
  component.unload_in = 2s;
  component.retry_in = 3s;
  component.last_error =
      Status(Error{.code = Code::load_failed, .message = "no model", .object = "nlu.intent", .remedy = "train it"});
  const std::string text = text_of(component);
  CHECK_THAT(text, Contains("\"idle_ms\":null"));
  CHECK_THAT(text, Contains("\"unload_in_ms\":null"));
  CHECK_THAT(text, Contains("\"retry_in_ms\":3000"));
  CHECK_THAT(
      text,
      Contains(R"("last_error":{"code":"load_failed","detail":"no model","object":"nlu.intent","remedy":"train it"})"));
}

TEST_CASE("an event of a verb names who asked and why") {
  Event event;
  event.kind = "component.pinned";
  event.actor = {"local", 0x12, "ticket 7"};
  CHECK_THAT(text_of(event), Contains(R"("actor":"local","request":")") && Contains("12\",\"fields\"") &&
                                 Contains(R"("fields":{"reason":"ticket 7"})"));
}

TEST_CASE("an event is told with its number and time in UTC") {
  Event event;
  event.sequence = 5;
  event.at = std::chrono::system_clock::time_point(std::chrono::milliseconds(1'000'000'000'123));
  event.kind = "component.ready";
  event.object = "a\nb";
  event.cause = "request";
  event.fields = {{"bytes", 7}, {"load_ms", 3.734}, {"class", "unmap"}, {"proven", true}};
  CHECK(text_of(event) ==
        R"({"sequence":5,"at":"2001-09-09T01:46:40.123Z","kind":"component.ready","object":"a\nb","cause":"request",)"
        R"("actor":null,"request":null,"fields":{"bytes":7,"load_ms":3.734,"class":"unmap","proven":true}})");
  CHECK_THAT(event_text(event), Contains("id: 5\nevent: component.ready\ndata: {"));
  CHECK(gap_text(3, 9, false) == "event: gap\ndata: {\"after\":3,\"next\":9,\"restarted\":false}\n\n");
}

}  // namespace dormouse
