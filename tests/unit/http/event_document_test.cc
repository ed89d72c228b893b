#include "http/event_document.h"

#include <catch2/catch.hpp>

#include "http/event_feed.h"

namespace dormouse {
namespace {

std::string text_of(const Event& document) {
  JsonText out;
  write(out, document);
  return out.take();
}

using Catch::Contains;

}  // namespace

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
